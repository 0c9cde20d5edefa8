#!/usr/bin/env bash
# axe-core, which finds what a page withholds from some of its readers; only the tests load it. It
# comes to build/axe through npm, in one version, and is refused if its content is another.
set -euo pipefail
cd "$(dirname "$0")/.."

version=4.14.1
hash=FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==
target=build/axe/axe-$version.min.js

[ -e "$target" ] && exit 0
mkdir -p build/axe
npm pack "axe-core@$version" --pack-destination build/axe --silent >/dev/null
archive=build/axe/axe-core-$version.tgz
found=$(openssl dgst -sha512 -binary "$archive" | base64 -w0)
if [ "$found" != "$hash" ]; then
  rm -f "$archive"
  echo "axe-core $version is not what it was: sha512-$found" >&2
  exit 1
fi
tar -xzf "$archive" -C build/axe --strip-components=1 package/axe.min.js
mv build/axe/axe.min.js "$target"

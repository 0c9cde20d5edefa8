"""A page of twelve charts over 730 days by ECharts (SVG), served packed as a web server would.

    python echarts_page.py PORT

The data stand in the page, as small as JSON has them; ECharts comes from `build/peers/echarts`.
"""

from __future__ import annotations

import gzip
import json
import math
import shutil
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_LOCK = Path(__file__).resolve().parent / "echarts"
CHARTS, DAYS = 12, 730

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>ECharts</title>
<style>body{margin:0;font:14px sans-serif;display:grid;grid-template-columns:1fr 1fr;gap:16px}
.c{height:260px}</style><body><script src="/echarts.js"></script><script>
const data=DATA;let left=data.length;
data.forEach((values,n)=>{
  const box=document.createElement('div');box.className='c';document.body.append(box);
  const chart=echarts.init(box,null,{renderer:'svg'});
  chart.on('finished',()=>{if(--left===0)requestAnimationFrame(()=>requestAnimationFrame(
    ()=>performance.mark('charts')))});
  chart.setOption({animation:false,title:{text:'Chart '+n},tooltip:{trigger:'axis'},
    xAxis:{type:'time'},yAxis:{type:'value'},
    series:[{type:'line',showSymbol:false,
      data:values.map((v,i)=>[Date.UTC(2024,0,1+i),v])}]});
});
</script></body></html>"""


def series(chart: int) -> list[int]:
    """Daily values with a week and a trend in them."""
    return [
        round(
            10_000 + 40 * day + 2_500 * math.sin(day * 0.9 + chart) + (day * 7919 + chart) % 1_500
        )
        for day in range(DAYS)
    ]


def install() -> Path:
    """ECharts as the lock names it; where it is missing, from the registry of npm."""
    home = ROOT / "build" / "peers" / "echarts"
    script = home / "node_modules" / "echarts" / "dist" / "echarts.common.min.js"
    if not script.is_file():
        home.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(_LOCK / name, home / name)
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=home, check=True)
    return script


def main() -> int:
    """Serve until killed."""
    page = _PAGE.replace("DATA", json.dumps([series(n) for n in range(CHARTS)]))
    files = {
        "/": ("text/html", gzip.compress(page.encode())),
        "/echarts.js": ("text/javascript", gzip.compress(install().read_bytes())),
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = files.get(self.path, ("text/plain", gzip.compress(b"")))
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-encoding", "gzip")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())

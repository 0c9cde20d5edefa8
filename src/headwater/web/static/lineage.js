// The node in focus comes into the middle of the picture.
"use strict";

const centre = () => {
  const graph = document.querySelector(".graph");
  const at = graph?.querySelector(".at");
  if (!at) return;
  const [outer, box] = [graph.getBoundingClientRect(), at.getBoundingClientRect()];
  graph.scrollLeft += box.left + box.width / 2 - (outer.left + outer.width / 2);
  graph.scrollTop += box.top + box.height / 2 - (outer.top + outer.height / 2);
};
centre();
document.addEventListener("headwater:refreshed", centre);

"use strict";
(() => {
  const units = (bytes) => {
    if (bytes < 1024) return `${bytes} B`;
    if (bytes < 104857.6) return `${(bytes / 1024).toFixed(1)} KiB`;
    return `${(bytes / 1048576).toFixed(1)} MiB`;
  };
  const blocks = (within) => [...within.children].filter((one) => one.tagName === "I");
  const inside = (block) => {
    const wrap = block.querySelector(":scope > u");
    return wrap ? blocks(wrap) : [];
  };
  const above = (block) => block.parentElement.closest(".map i");
  const path = (block) => {
    const names = [];
    for (let one = block; one; one = above(one)) names.unshift(one.dataset.n);
    return names;
  };

  const name = (map) => {
    const found = [...map.querySelectorAll("i")].map((one) => [one, one.clientWidth >= 34 && one.clientHeight >= 13]);
    for (const [one, fits] of found) one.classList.toggle("n", fits);
  };

  const start = (map) => {
    const readout = map.parentElement.querySelector(".readout");
    let root = null;
    let at = null;
    const point = (block) => {
      at?.classList.remove("at");
      at = block;
      if (!block) return;
      block.classList.add("at");
      const bytes = Number(block.dataset.b);
      const files = block.dataset.f ? `, ${Number(block.dataset.f).toLocaleString("en")} files` : "";
      const share = (100 * bytes / Number(map.dataset.b)).toFixed(1);
      readout.textContent = `${path(block).join(" / ")}: ${units(bytes)}${files}, ${share} % of the map`;
    };
    const zoom = (block) => {
      for (const one of map.querySelectorAll(".zoom")) one.classList.remove("zoom");
      for (const one of map.querySelectorAll(".off")) one.classList.remove("off");
      root = block;
      for (let one = block; one; one = above(one)) {
        one.classList.add("zoom");
        for (const other of blocks(one.parentElement)) if (other !== one) other.classList.add("off");
      }
      name(map);
    };
    const enter = (block) => {
      const found = inside(block);
      if (!found.length) return;
      zoom(block);
      point(found[0]);
    };
    const leave = () => {
      if (!root) return;
      const left = root;
      zoom(above(left));
      point(left);
    };
    map.addEventListener("mouseover", (event) => {
      const block = event.target.closest("i");
      if (block) point(block);
    });
    map.addEventListener("click", (event) => {
      let block = event.target.closest("i");
      if (!block) return;
      // The next block below the one that is shown whole, on the way to what was pointed at.
      if (block === root) { leave(); return; }
      while (above(block) !== root && above(block)) block = above(block);
      if (inside(block).length) enter(block); else point(event.target.closest("i"));
    });
    map.addEventListener("keydown", (event) => {
      const first = root ? inside(root) : blocks(map);
      const near = at ? blocks(at.parentElement) : first;
      const number = near.indexOf(at);
      const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
      if (event.key in steps) point(at ? near[(number + steps[event.key] + near.length) % near.length] : first[0]);
      else if (event.key === "Enter" && at) enter(at);
      else if (event.key === "Escape" || event.key === "Backspace") leave();
      else return;
      event.preventDefault();
    });
    return { map, name: () => name(map) };
  };
  const maps = [...document.querySelectorAll(".map")].map(start);
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) name(entry.target);
  });
  for (const one of maps) seen.observe(one.map);
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth !== width) for (const one of maps) one.name();
    width = innerWidth;
  });

  const value = (cell) => {
    const data = cell.querySelector("data");
    if (data) return data.value === "" ? -1 : Number(data.value);
    return cell.textContent.trim().toLowerCase();
  };
  for (const table of document.querySelectorAll("table.sort")) {
    table.tHead.addEventListener("click", (event) => {
      const head = event.target.closest("button")?.closest("th");
      if (!head) return;
      const column = head.cellIndex;
      const isNumber = head.classList.contains("n");
      const was = head.getAttribute("aria-sort");
      const falling = was ? was === "ascending" : isNumber;
      for (const one of table.tHead.querySelectorAll("th")) one.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      const rows = [...table.tBodies[0].rows].map((row) => [value(row.cells[column]), row]);
      rows.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0) * (falling ? -1 : 1));
      table.tBodies[0].append(...rows.map(([, row]) => row));
    });
  }

  const search = document.getElementById("search");
  const found = document.getElementById("found");
  const look = () => {
    const words = search.value.trim().toLowerCase();
    let count = 0;
    for (const row of document.querySelectorAll("table.sort tbody tr, .tree li")) {
      const hit = row.textContent.toLowerCase().includes(words);
      row.hidden = !hit;
      if (words && hit && row.tagName === "TR") count += 1;
    }
    for (const { map } of maps) {
      map.classList.toggle("searching", words !== "");
      for (const block of map.querySelectorAll("i")) {
        const hit = words !== "" && block.dataset.n.toLowerCase().includes(words);
        block.classList.toggle("hit", hit);
        if (hit) count += 1;
      }
    }
    found.textContent = words ? `${count.toLocaleString("en")} rows and blocks` : "";
  };
  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(look, 120);
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.closest("input")) return;
    event.preventDefault();
    search.focus();
  });
})();

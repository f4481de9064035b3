// What is wrong with the printed pages of a document: what leaves its page or its label, what is cut through, what lies
// over something else. A list of sentences; empty is well.
() => {
  const NEARLY = 0.6; // pixels: rounding
  const wrong = [];
  const box = (element) => element.getBoundingClientRect();
  const inside = (inner, outer) =>
    inner.left >= outer.left - NEARLY && inner.top >= outer.top - NEARLY &&
    inner.right <= outer.right + NEARLY && inner.bottom <= outer.bottom + NEARLY;
  const over = (a, b) =>
    a.height > 0 && b.height > 0 &&
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > NEARLY &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
  const named = (element) => `${element.className.baseVal ?? element.className} “${element.textContent.trim().slice(0, 24)}”`;
  const written = (element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    return box(range);
  };

  for (const page of document.querySelectorAll(".page")) {
    for (const element of page.querySelectorAll(".letters, .qr, .kind, h1, h2, h3, .line, .times")) {
      if (box(element).height > 0 && !inside(box(element), box(page))) wrong.push(`off the page: ${named(element)}`);
    }
    for (const home of page.querySelectorAll(".label:not(.free), .tile, .step, .route-head")) {
      const codes = [...home.querySelectorAll(".qr")], letters = [...home.querySelectorAll(".letters")];
      const texts = [...home.querySelectorAll("h1, h2, h3, .line, .times, .kind")];
      for (const element of codes) if (!inside(box(element), box(home))) wrong.push(`code cut: ${named(home)}`);
      for (const element of letters) {
        if (!inside(written(element), box(home))) wrong.push(`letters cut: ${named(element)}`);
      }
      for (const text of [...texts, ...letters]) {
        if (codes.some((code) => over(box(text), box(code)))) wrong.push(`over the code: ${named(text)}`);
      }
      for (const text of texts) {
        if (letters.some((element) => over(box(text), box(element)))) wrong.push(`over the letters: ${named(text)}`);
        // A text that is too long ends in dots at its last line; one that is higher than its room is cut through.
        const { lineHeight, webkitLineClamp } = getComputedStyle(text);
        const lines = Number(webkitLineClamp) || Infinity;
        if (text.clientHeight < Math.min(text.scrollHeight, lines * parseFloat(lineHeight)) - 1.5) {
          wrong.push(`cut through: ${named(text)}`);
        }
      }
      for (const part of home.querySelectorAll(".facts, .route-order, .step-text")) {
        if (part.scrollHeight > part.clientHeight + 1.5) wrong.push(`facts cut: ${named(part)}`);
      }
    }
  }
  return wrong;
};

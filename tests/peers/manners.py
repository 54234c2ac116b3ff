"""What is measured on each page besides axe's rules, in which sizes, and how the browser for it is started."""

ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PHONE, DESKTOP, NARROW = (390, 844), (1280, 800), (320, 640)

# The lowest contrast of any text on the page: [ratio needed, ratio found, the text] of each that is too low.
CONTRAST = """() => {
  const canvas = Object.assign(document.createElement("canvas"), {width: 1, height: 1});
  const pen = canvas.getContext("2d", {willReadFrequently: true});
  const rgba = (text) => { pen.clearRect(0, 0, 1, 1); pen.fillStyle = text; pen.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255]; };
  const over = (top, under) => top.slice(0, 3).map((v, i) => v * top[3] + under[i] * (1 - top[3]));
  const ground = (one) => { if (!one) return [255, 255, 255];
    const own = rgba(getComputedStyle(one).backgroundColor);
    return own[3] === 1 ? own.slice(0, 3) : over(own, ground(one.parentElement)); };
  const light = (c) => { const [r, g, b] = c.map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const bad = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const one = walk.currentNode.parentElement;
    if (!walk.currentNode.textContent.trim() || !one.checkVisibility({visibilityProperty: true}) || one.closest(".away, script, noscript, .default-button")) continue;
    const style = getComputedStyle(one), back = ground(one), front = over(rgba(style.color), back);
    const [a, b] = [light(front), light(back)].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const ratio = (a + 0.05) / (b + 0.05), need = large ? 3 : 4.5;
    if (ratio < need) bad.push([need, ratio.toFixed(2), walk.currentNode.textContent.trim().slice(0, 40)]);
  }
  return bad;
}"""

# Controls that are smaller than 44 CSS pixels in height and stand alone (links in running text may be lower).
SMALL = """() => [...document.querySelectorAll("a, button, summary, input, select")]
  .filter((one) => one.checkVisibility({visibilityProperty: true}) && one.type !== "hidden" && !one.closest(".skip, .default-button, h3, figure"))
  .filter((one) => !(one.localName === "a" && getComputedStyle(one).display === "inline" && one.textContent.trim() !== one.parentElement.textContent.trim()))
  .map((one) => [one, (one.closest("label") ?? one).getBoundingClientRect()])
  .filter(([, box]) => box.height < 43.5 || box.width < 43.5)
  .map(([one, box]) => `${one.outerHTML.slice(0, 80)} ${box.width}x${box.height}`)"""

# What reaches beyond the window, innermost last.
BEYOND = """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1).slice(-4).map((one) => one.outerHTML.slice(0, 120))
  .concat("scrolls sideways")"""

# Bars that keep their place in the window and cover one another there, such as a button behind the tabs of a phone.
COVERED = """() => { const boxes = [...document.querySelectorAll("body *")]
    .filter((one) => { const {position, bottom} = getComputedStyle(one);
      return (position === "fixed" || (position === "sticky" && bottom !== "auto")) && one.checkVisibility({visibilityProperty: true}); })
    .map((one) => [one, one.getBoundingClientRect()])
    .filter(([, box]) => box.width && box.height && box.bottom > 0 && box.top < innerHeight);
  return boxes.flatMap(([one, a], at) => boxes.slice(at + 1)
    .filter(([other, b]) => !one.contains(other) && !other.contains(one)
      && Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1)
    .map(([other]) => `${one.outerHTML.slice(0, 60)} and ${other.outerHTML.slice(0, 60)}`)); }"""

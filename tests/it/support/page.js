// What the tests of the report look at in its page.
({
  charts() {
    const all = [...document.querySelectorAll('main canvas')].filter((canvas) => canvas.checkVisibility());
    return Object.fromEntries(all.map((canvas) => [canvas.id, Chart.getChart(canvas).data.datasets.map((set) => [set.label, set.data])]));
  },
  isPainted(id) {
    const canvas = document.getElementById(id);
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size > 3;
  },
  choose(id, value) {
    const control = document.getElementById(id);
    if (control.getAttribute('role') === 'combobox') {
      control.click();
      [...document.querySelectorAll(`#${id}-list [role=option]`)].find((option) => option.dataset.value === value).click();
      return;
    }
    control.value = value;
    control.dispatchEvent(new Event('change', { bubbles: true }));
  },
  options(id) {
    const control = document.getElementById(id);
    control.click();
    const options = [...document.querySelectorAll(`#${id}-list [role=option]`)].map((option) => [option.dataset.value, option.textContent]);
    control.dispatchEvent(new Event('blur'));
    return options;
  },
  async table(id) {
    const details = document.getElementById(`${id}-table`);
    if (!details.open) {
      const opened = new Promise((resolve) => details.addEventListener('toggle', resolve, { once: true }));
      details.open = true;
      await opened;
    }
    return [...details.querySelectorAll('tbody tr')].map((row) => [...row.cells].map((cell) => cell.textContent));
  },
  has(id) {
    return document.getElementById(id) !== null;
  },
  note(id) {
    return document.getElementById(id).closest('article').querySelector('.note').textContent;
  },
  isShown(id) {
    return document.getElementById(`${id}-table`).checkVisibility();
  },
  question(title) {
    const heading = [...document.querySelectorAll('h3')].find((each) => each.querySelector('.title').textContent === title);
    return heading.closest('article').querySelector('canvas').id;
  },
  // The lowest contrast of any text with what is behind it.
  contrast() {
    const rgb = (text) => text.match(/[\d.]+/g).map(Number);
    const luminance = (text) => {
      const [r, g, b] = rgb(text).map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (of) => {
      for (let at = of; at; at = at.parentElement) {
        const paint = getComputedStyle(at).backgroundColor;
        if (rgb(paint)[3] !== 0) return paint;
      }
      return 'rgb(255, 255, 255)';
    };
    const texts = [...document.body.querySelectorAll('*')].filter((each) => each.checkVisibility()
      && [...each.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.textContent.trim()));
    return Math.min(...texts.map((each) => {
      const [one, other] = [luminance(getComputedStyle(each).color), luminance(behind(each))].sort((a, b) => b - a);
      return (one + 0.05) / (other + 0.05);
    }));
  },
})

// Draws places on a map of coasts and borders that is zoomed to them.

const MAP_HEIGHT = 320;
// The height of a map of the whole world, which is wider than high.
const WORLD_HEIGHT = 210;
// The least height of a map in degrees.
const LEAST_DEGREES = 0.2;
// If a map is narrower than this many degrees, its coasts do not say where it is: a small map of the world in the corner does.
const LOCATED = 25;

const world = (() => {
  const { scale, translate, arcs, land } = JSON.parse(document.getElementById('world').textContent);
  // A line is a list of points, each as the difference from the one before in steps of a grid.
  const lines = arcs.map((arc) => {
    let [x, y] = [0, 0];
    return arc.map(([dx, dy]) => [(x += dx) * scale[0] + translate[0], (y += dy) * scale[1] + translate[1]]);
  });
  const line = (at) => (at < 0 ? lines[~at].toReversed() : lines[at]);
  return { lines, rings: land.flat().map((ring) => ring.flatMap(line)) };
})();

function drawWorld(ctx, x, y, width = 1) {
  // A line that crosses 180° is cut there, and continues on the other side.
  const goesOn = (points, at) => at > 0 && Math.abs(points[at][0] - points[at - 1][0]) < 180;
  const path = (points) => points.forEach(([degreesEast, degreesNorth], at) => ctx[goesOn(points, at) ? 'lineTo' : 'moveTo'](x(degreesEast), y(degreesNorth)));
  ctx.fillStyle = colour('land');
  ctx.beginPath();
  world.rings.forEach(path);
  ctx.fill('evenodd');
  ctx.strokeStyle = colour('border');
  ctx.lineWidth = width;
  ctx.lineJoin = 'round';
  ctx.beginPath();
  world.lines.forEach(path);
  ctx.stroke();
}

// Draws the whole world in a corner, with a mark where the map is.
function drawLocator(ctx, { left, bottom }, x, y) {
  const [width, height] = [108, 54];
  const [from, top] = [left + 6, bottom - height - 6];
  const place = [from + ((x + 180) / 360) * width, top + ((90 - y) / 180) * height];
  ctx.save();
  ctx.beginPath();
  ctx.rect(from, top, width, height);
  ctx.fillStyle = colour('sea');
  ctx.fill();
  ctx.strokeStyle = colour('line');
  ctx.stroke();
  ctx.clip();
  drawWorld(ctx, (degrees) => from + ((degrees + 180) / 360) * width, (degrees) => top + ((90 - degrees) / 180) * height, 0.4);
  ctx.beginPath();
  ctx.arc(...place, 4, 0, 2 * Math.PI);
  ctx.strokeStyle = colour('c3');
  ctx.lineWidth = 2;
  ctx.stroke();
  ctx.restore();
}

const mapPlugin = {
  id: 'map',
  beforeDatasetsDraw(chart, args, { isShown }) {
    if (!isShown) return;
    const { ctx, chartArea, scales: { x, y } } = chart;
    const { left, top, width, height } = chartArea;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, width, height);
    ctx.fillStyle = colour('sea');
    ctx.fill();
    ctx.clip();
    drawWorld(ctx, (degrees) => x.getPixelForValue(degrees), (degrees) => y.getPixelForValue(degrees));
    ctx.restore();
  },
  afterDatasetsDraw(chart, args, { isShown }) {
    const { ctx, chartArea, scales: { x, y } } = chart;
    if (isShown && x.max - x.min < LOCATED) drawLocator(ctx, chartArea, (x.min + x.max) / 2, (y.min + y.max) / 2);
  },
};
Chart.register(mapPlugin);

// The range of the axes: it holds all points with some room around them, in the proportions of the earth at that latitude.
function mapWindow(points, width, height) {
  const span = (numbers) => [Math.min(...numbers), Math.max(...numbers)];
  const [[west, east], [south, north]] = [span(points.map(({ x }) => x)), span(points.map(({ y }) => y))];
  const [x, y] = [(west + east) / 2, (south + north) / 2];
  const narrowing = Math.max(0.2, Math.cos((y * Math.PI) / 180));
  const room = 1.3;
  const perPixel = Math.max(((east - west) * room * narrowing) / width, ((north - south) * room) / height, LEAST_DEGREES / height);
  const [across, up] = [(perPixel * width) / narrowing / 2, (perPixel * height) / 2];
  return { x: { min: x - across, max: x + across }, y: { min: y - up, max: y + up } };
}

function mapOf(places) {
  const points = places.map(([, , y, x, name]) => ({ x, y, name }));
  const degrees = (number, positive, negative) => `${Math.abs(number).toFixed(4)}° ${number < 0 ? negative : positive}`;
  const short = (positive, negative) => (value) => `${Math.abs(Number(value.toFixed(3)))}°${value === 0 ? '' : value < 0 ? negative : positive}`;
  const east = points.map(({ x }) => x);
  const height = Math.max(...east) - Math.min(...east) > 120 ? WORLD_HEIGHT : MAP_HEIGHT;
  // Ticks are a few round numbers of degrees within the range of latitude and longitude.
  const round = (scale, most) => {
    const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30].find((each) => (scale.max - scale.min) / each < 5) ?? 90;
    const first = Math.ceil(scale.min / step);
    scale.ticks = [0, 1, 2, 3, 4, 5].map((at) => ({ value: (first + at) * step })).filter(({ value }) => value <= scale.max && Math.abs(value) <= most);
  };
  const side = (name, most, positive, negative) => axis('', { bounds: 'data', grid: { display: false }, ticks: { callback: short(positive, negative) },
    afterBuildTicks: (scale) => round(scale, most),
    afterDataLimits: (scale) => Object.assign(scale, mapWindow(points, Math.max(1, scale.chart.width - 60), height - 40)[name]) });
  return {
    height,
    chart: {
      type: 'scatter',
      datasets: [{ label: 'Places', colour: 'c3', data: points, pointRadius: 4, pointHoverRadius: 7, borderWidth: 1 }],
      options: () => ({
        scales: { x: side('x', 180, 'E', 'W'), y: side('y', 90, 'N', 'S') },
        plugins: { map: { isShown: true }, tooltip: tooltip({ callbacks: { label: ({ raw }) => [
          ...(raw.name ? [isolated(shortened(raw.name, 50))] : []), `${degrees(raw.y, 'N', 'S')}, ${degrees(raw.x, 'E', 'W')}`] } }) },
      }),
    },
  };
}

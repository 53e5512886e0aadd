// The counts of the report, and sums of those that the filters select.

const data = JSON.parse(document.getElementById('data').textContent);

// Replaces the differences between series in a list of counts by their numbers. `width` is how many numbers follow series and bin.
function unpack(list, width) {
  const stride = width + 2;
  for (let at = stride; at < list.length; at += stride) list[at] += list[at - stride];
  return { list, stride };
}

for (const name of Object.keys(data.counts)) data.counts[name] = unpack(data.counts[name], 1);
for (const reason of data.quarantine) reason.counts = unpack(reason.counts, 1);
data.activity = unpack(data.activity, 2);
for (const question of data.questions) {
  question.answered = unpack(question.answered, 2);
  question.bars = unpack(question.bars, 2);
}

// The selection: sets of places in the lists of groups, types and actions (null for all), and the bins from `first` to `last`.
const filter = { group: null, type: null, actions: null, first: 0, last: data.bins.length - 1 };

let passes = [];

// To be called after the filter was changed.
function select() {
  passes = data.series.map(([group, type, action]) =>
    (filter.group === null || filter.group.has(group))
    && (filter.type === null || filter.type.has(type))
    && (filter.actions === null || filter.actions.has(action)));
}

function isSelected(series, bin) {
  return passes[series] && bin >= filter.first && bin <= filter.last;
}

// Calls `each(series, bin, numbers…)` for every selected entry of a list.
function forSelected({ list, stride }, each) {
  for (let at = 0; at < list.length; at += stride) {
    if (isSelected(list[at], list[at + 1])) each(data.series[list[at]], list[at + 1], list[at + 2], list[at + 3], at / stride);
  }
}

function total(counts) {
  let sum = 0;
  forSelected(counts, (series, bin, count) => { sum += count; });
  return sum;
}

// Sums the selected counts by `key(series)`. Returns a map from key to sum.
function sumsBy(counts, key) {
  const sums = new Map();
  forSelected(counts, (series, bin, count) => sums.set(key(series), (sums.get(key(series)) ?? 0) + count));
  return sums;
}

// Sums the selected counts by `key(series)` and bin. Returns a map from key to an array of sums.
function sumsByBin(counts, key) {
  const sums = new Map();
  forSelected(counts, (series, bin, count) => {
    const of = key(series);
    if (!sums.has(of)) sums.set(of, new Array(filter.last - filter.first + 1).fill(0));
    sums.get(of)[bin - filter.first] += count;
  });
  return sums;
}

// Sums the selected counts of a list by bin. Returns an array.
function byBin(counts) {
  return sumsByBin(counts, () => 0).get(0) ?? new Array(Math.max(0, filter.last - filter.first + 1)).fill(0);
}

function selectedBins() {
  return data.bins.slice(filter.first, filter.last + 1);
}

// The counts of the report, and sums of those that the filters select.

const data = JSON.parse(document.getElementById('data').textContent);

const DIGITS = new Map([...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].map((digit, at) => [digit, at]));

// Reads a list of numbers: digits of five bits each, the lowest first. The sixth bit says that more digits of the number follow.
function numbersOf(text) {
  const numbers = [];
  let [number, factor] = [0, 1];
  for (const character of text) {
    const digit = DIGITS.get(character);
    number += (digit & 31) * factor;
    factor *= 32;
    if (digit < 32) {
      numbers.push(number);
      [number, factor] = [0, 1];
    }
  }
  return numbers;
}

// Reads a list of counts: series, bin, and `width` numbers for each cell. A series is the difference from the one before, and so is
// a bin of the same series.
function countsOf(text, width) {
  const [list, stride] = [numbersOf(text), width + 2];
  for (let at = stride; at < list.length; at += stride) {
    if (list[at] === 0) list[at + 1] += list[at + 1 - stride];
    list[at] += list[at - stride];
  }
  return { list, stride };
}

// Reads the counts of answers to a question: series, bin, how many have answered, how many have not, and for each bar that has
// answers the difference from the bar before and how many.
function answersOf(text) {
  const [numbers, answered, bars] = [numbersOf(text), [], []];
  let [series, bin] = [0, 0];
  for (let at = 0; at < numbers.length;) {
    const [step, time, those, others, some] = numbers.slice(at, at + 5);
    bin = step === 0 ? bin + time : time;
    series += step;
    answered.push(series, bin, those, others);
    at += 5;
    let bar = 0;
    for (const end = at + 2 * some; at < end; at += 2) {
      bar += numbers[at];
      bars.push(series, bin, bar, numbers[at + 1]);
    }
  }
  return { answered: { list: answered, stride: 4 }, bars: { list: bars, stride: 4 } };
}

// Reads who was asked: card, group, how many people, how many have not answered, and some of these.
function knownOf(text) {
  const [numbers, known] = [numbersOf(text), []];
  for (let at = 0; at < numbers.length;) {
    const [action, group, count, missing, listed] = numbers.slice(at, at + 5);
    known.push([action, group, count, numbers.slice(at + 5, at + 5 + listed), missing]);
    at += 5 + listed;
  }
  return known;
}

{
  const series = numbersOf(data.series);
  data.series = Array.from({ length: series.length / 3 }, (none, at) => {
    const [group, type, action] = series.slice(3 * at, 3 * at + 3);
    return [group, type === 0 ? null : type - 1, action];
  });
}
for (const name of Object.keys(data.counts)) data.counts[name] = countsOf(data.counts[name], 1);
for (const reason of data.quarantine) reason.counts = countsOf(reason.counts, 1);
data.activity = countsOf(data.activity, 2);
data.known = knownOf(data.known);
for (const question of data.questions) Object.assign(question, answersOf(question.cells));

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

// The single answers that the page holds: numbers for quartiles, texts for frequent words, files for links.

const MOST_WORDS = 12;
// Words that are frequent in every text, whatever it is about.
const COMMON = new Set(('a about after all also an and any are as at be been but by can could did do for from had has have he her his how i if in into is it its'
  + ' just me more my no not of on or our out she so some than that the their them then there they this to too up us was we were what when which who will with would you your').split(' '));

function samplesOf(question) {
  return question.samples.filter(([series, bin]) => isSelected(series, bin));
}

// The quantile of sorted numbers at a part between 0 and 1.
function quantile(numbers, part) {
  const at = (numbers.length - 1) * part;
  const [low, high] = [numbers[Math.floor(at)], numbers[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
}

function quartiles(question, all) {
  const numbers = samplesOf(question).map(([, , number]) => number).sort((one, other) => one - other);
  if (!numbers.length) return '';
  const [lower, median, upper] = [0.25, 0.5, 0.75].map((part) => someDigits.format(Number(quantile(numbers, part).toPrecision(6))));
  return `median ${median}, middle half ${lower} to ${upper}${numbers.length < all ? ` (of ${plural(numbers.length, 'answer')} chosen at random)` : ''}`;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' });

function words(text) {
  const found = new Set();
  for (const { segment, isWordLike } of segmenter.segment(text.toLowerCase())) {
    if (isWordLike && segment.length > 1 && !COMMON.has(segment)) found.add(segment);
  }
  return found;
}

function textsOf(question) {
  return samplesOf(question).filter((sample) => sample.length === 3 && typeof sample[2] === 'string');
}

// The most frequent words of long texts, or null if there are no such texts.
function wordsOf(question) {
  const texts = textsOf(question);
  if (!texts.length) return null;
  const counts = new Map();
  for (const [, , text] of texts) for (const word of words(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const rows = [...counts].sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1)).slice(0, 100);
  const isAll = texts.length === answeredOf(question).answered;
  return {
    ...ranking(rows.slice(0, MOST_WORDS), [['Answers with the word', 'c0']], { unit: 'Answers' }),
    table: { columns: ['Word', 'Answers'], rows },
    remark: `the most frequent words${isAll ? '' : ` of ${plural(texts.length, 'text')} chosen at random`}`,
    empty: rows.length ? '' : 'The texts in this selection have no words.',
  };
}

// A table of single texts and files, which the reader can open.
function furtherOf(question) {
  const texts = textsOf(question);
  if (texts.length) return { name: `Texts (${wholeNumber.format(texts.length)})`, columns: ['Text', 'Group', timeColumn()], rows: texts.map(sampleRow) };
  const files = samplesOf(question).filter((sample) => sample.length === 4 && question.chart.kind === 'answered');
  return { name: `Files (${wholeNumber.format(files.length)})`, columns: ['File', 'Group', timeColumn()], rows: files.map(sampleRow) };
}

// Kaizala's own files went with the service. Other links tell in their signature when they end.
const OWN_FILES = /\.osi\.office\.net$/;
const OWN_FILES_ENDED = '2023-08-31';

// The day since when a link is dead at the latest, by the time at which the page was made; '' if it may still lead somewhere.
function deadSince(href) {
  if (!href || !URL.canParse(href)) return '';
  const url = new URL(href);
  const signed = (url.searchParams.get('se') ?? '').slice(0, 10);
  const ends = [signed, OWN_FILES.test(url.hostname) ? OWN_FILES_ENDED : ''].filter((day) => /^\d{4}-\d{2}-\d{2}$/.test(day));
  return ends.filter((day) => day < data.about.made.slice(0, 10)).sort()[0] ?? '';
}

function sampleRow([series, bin, text, href]) {
  const dead = deadSince(href);
  const name = text || href || 'A file without a name';
  return [{ text: dead ? `${name} (dead since ${dead})` : name, href }, groupCell(data.series[series][0]), data.bins[bin].replace('T', ' ')];
}

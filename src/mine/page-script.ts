/**
 * What runs in the browser: plain DOM, no network. Reads #data, writes verdicts.json by download. Whatever comes from
 * candidates goes into the page as text or attribute values, never as markup.
 */
export const PAGE_SCRIPT = `'use strict';
const { key, candidates } = JSON.parse(document.getElementById('data').textContent);
const VERDICTS = [['not-the-logo', 'not the logo', '1'], ['logo', 'the logo', '2'], ['unsure', 'unsure', '3']];
const SVG = 'http://www.w3.org/2000/svg';
const $ = (id) => document.getElementById(id);
const verdicts = load();
let saved = JSON.stringify(verdicts);

function load() {
  try { return JSON.parse(localStorage.getItem(key)) || {}; } catch { return {}; }
}
function keep() {
  try { localStorage.setItem(key, JSON.stringify(verdicts)); } catch { /* not every browser stores for files */ }
}
function make(name, attributes, ...children) {
  const node = name === 'svg' || name === 'image' || name === 'rect'
    ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [k, v] of Object.entries(attributes)) node.setAttribute(k, v);
  node.append(...children);
  return node;
}
function picture(c, view, title) {
  const [x, y, width, height] = c.box;
  return make('svg', { viewBox: view.join(' '), role: 'img', 'aria-label': title },
    make('image', { href: c.file, width: c.width, height: c.height }),
    make('rect', { x, y, width, height }));
}
function crop({ box: [x, y, w, h] }) {
  const margin = 0.2 * Math.max(w, h);
  return [x - margin, y - margin, w + 2 * margin, h + 2 * margin];
}
function clock(ms) {
  const s = Math.floor(ms / 1000);
  const two = (n) => String(n).padStart(2, '0');
  return two(Math.floor(s / 3600)) + ':' + two(Math.floor(s / 60) % 60) + ':' + two(s % 60) + '.' + Math.floor((ms % 1000) / 100);
}
function card(c) {
  const where = c.source + (c.ptsMs === null ? '' : ' at ' + clock(c.ptsMs) + ' (' + c.time + ')');
  const score = c.score.toFixed(3) + (c.confident ? '' : ', under the threshold');
  const node = make('article', { tabindex: '-1', id: c.id, 'aria-label': c.label + ', ' + c.score.toFixed(3) },
    make('div', { class: 'pictures' },
      picture(c, [0, 0, c.width, c.height], 'the whole picture, with the place'),
      picture(c, crop(c), 'the place, enlarged')),
    make('p', { class: 'facts' }, make('b', {}, c.label), ' ' + score, make('br', {}), where),
    make('div', { class: 'verdicts' }, ...VERDICTS.map(([value, text, digit]) => {
      const button = make('button', { type: 'button', value, tabindex: '-1' }, digit + ' ' + text);
      button.addEventListener('click', (event) => {
        if (event.shiftKey) decideAll(node, value); else decide(node, verdicts[node.id] === value ? undefined : value);
        node.focus();
      });
      return button;
    })));
  node.addEventListener('focusin', () => { current = node; });
  return node;
}
function show(node) {
  const verdict = verdicts[node.id];
  if (verdict) node.dataset.verdict = verdict; else delete node.dataset.verdict;
  for (const button of node.querySelectorAll('button')) button.setAttribute('aria-pressed', String(button.value === verdict));
}
function decide(node, verdict) {
  if (verdict === undefined) delete verdicts[node.id]; else verdicts[node.id] = verdict;
  keep();
  show(node);
  count();
}
/** The same for every place of the node's picture. */
function decideAll(node, verdict) {
  const fileOf = (n) => candidates[cards.indexOf(n)].file;
  for (const other of cards) if (fileOf(other) === fileOf(node)) decide(other, verdict);
}
function count() {
  const decided = candidates.filter((c) => verdicts[c.id]).length;
  const each = VERDICTS.map(([value, text]) => candidates.filter((c) => verdicts[c.id] === value).length + ' ' + text);
  $('count').textContent = decided + ' of ' + candidates.length + ' judged: ' + each.join(', ');
}
const shown = () => cards.filter((n) => !n.hidden);
function move(step) {
  const list = shown();
  const to = list[Math.min(list.length - 1, Math.max(0, list.indexOf(current) + step))];
  if (to) { to.focus(); to.scrollIntoView({ block: 'nearest' }); }
}
function columns() {
  const list = shown();
  const n = list.findIndex((node) => node.offsetTop > list[0].offsetTop);
  return n < 0 ? list.length : n;
}
function filter() {
  for (const [i, node] of cards.entries()) {
    const { id, label } = candidates[i];
    node.hidden = ($('brand').value !== '' && label !== $('brand').value) || ($('open').checked && Boolean(verdicts[id]));
  }
  if (!current || current.hidden) current = shown()[0];
  current?.focus();
}
function save() {
  const known = Object.fromEntries(candidates.filter((c) => verdicts[c.id]).map((c) => [c.id, verdicts[c.id]]));
  const file = new Blob([JSON.stringify({ format: 1, verdicts: known }, null, 1) + '\\n'], { type: 'application/json' });
  const link = make('a', { href: URL.createObjectURL(file), download: 'verdicts.json' });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  saved = JSON.stringify(verdicts);
  $('next').open = true;
}

let current;
const cards = candidates.map(card);
$('cards').append(...cards);
cards.forEach(show);
for (const label of [...new Set(candidates.map((c) => c.label))].sort())
  $('brand').append(make('option', { value: label }, label + ' (' + candidates.filter((c) => c.label === label).length + ')'));
$('brand').addEventListener('change', filter);
$('open').addEventListener('change', filter);
$('save').addEventListener('click', save);
addEventListener('beforeunload', (event) => { if (JSON.stringify(verdicts) !== saved) event.preventDefault(); });
addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest('select, input, summary')) return;
  const digit = /^(?:Digit|Numpad)([123])$/.exec(event.code)?.[1];
  const verdict = VERDICTS.find((v) => v[2] === digit)?.[0];
  const steps = { ArrowRight: () => 1, ArrowLeft: () => -1, ArrowDown: columns, ArrowUp: () => -columns() };
  if (verdict && current && !current.hidden) {
    if (event.shiftKey) decideAll(current, verdict); else decide(current, verdict);
    move(1);
  }
  else if (event.key === 'Backspace' && current) decide(current, undefined);
  else if (steps[event.key] && shown().length > 0) move(steps[event.key]());
  else return;
  event.preventDefault();
});
count();
filter();
`;

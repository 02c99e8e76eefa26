import { createHash } from 'node:crypto';
import { escapeHtml } from '../core/html.js';
import type { Candidate } from './candidate.js';
import { PAGE_SCRIPT } from './page-script.js';
import { PAGE_STYLE } from './page-style.js';

/**
 * The page on which a person looks the candidates through. It stands in the output folder beside frames/, opens from
 * disk, and asks nothing of any network. `folder` is how the user calls the output folder.
 */
export function renderPage(folder: string, candidates: readonly Candidate[]): string {
  const names = candidates.map(({ id }) => id).sort();
  const key = `logowatch-mine-${createHash('sha256').update(names.join()).digest('hex').slice(0, 16)}`;
  const applied = shellWord(folder);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Mined candidates</title>
<style>${PAGE_STYLE}</style></head><body>
<header><h1>Mined candidates</h1>
<label>Brand <select id="brand"><option value="">all</option></select></label>
<label><input type="checkbox" id="open"> not judged yet</label>
<span id="count" role="status"></span>
<button type="button" id="save">Save verdicts.json</button></header>
<details open><summary>What to do</summary>
<p>Say of each place whether the brand's logo is there: <kbd>1</kbd> not the logo, <kbd>2</kbd> the logo, <kbd>3</kbd> unsure, <kbd>Backspace</kbd> takes a verdict back; the arrow keys move. With <kbd>Shift</kbd> a verdict counts for all places of the picture.
A picture is trained on as one without any of your logos once every place found in it is <i>not the logo</i>: so if one of your logos is anywhere else in the picture, choose <i>unsure</i>.</p></details>
<details id="next"><summary>When you are done</summary>
<p>Save, then run, with the path to which your browser saved the file:</p>
<p><code>logowatch mine apply ${escapeHtml(applied)} verdicts.json</code></p>
<p>It makes <code>${escapeHtml(folder)}/negatives</code> and <code>${escapeHtml(folder)}/positives</code>, for <code>logowatch train</code>.</p></details>
<main id="cards"></main>
<script type="application/json" id="data">${scriptJson({ key, candidates })}</script>
<script>${PAGE_SCRIPT}</script></body></html>
`;
}

/** JSON that cannot end the script element it stands in. */
function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

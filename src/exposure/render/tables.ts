import { escapeHtml } from '../../core/html.js';

export interface Head {
  readonly name: string;
  /** To the left; figures are to the right. */
  readonly isText: boolean;
}

/** A table that scrolls by itself where it is wider than the page, by keyboard too. The first column names the row. */
export function dataTable(
  caption: string,
  head: readonly Head[],
  rows: readonly (readonly string[])[],
): string {
  const side = (i: number) => (head[i]?.isText ? '' : ' class="n"');
  const heads = head.map(({ name }, i) => `<th scope="col"${side(i)}>${escapeHtml(name)}</th>`).join('');
  const body = rows.map((row) => {
    const cells = row.map((cell, i) =>
      i === 0
        ? `<th scope="row"${side(i)}>${escapeHtml(cell)}</th>`
        : `<td${side(i)}>${escapeHtml(cell)}</td>`,
    );
    return `<tr>${cells.join('')}</tr>`;
  });
  return `<div class="scroll" role="region" tabindex="0" aria-label="${escapeHtml(caption)}"><table><caption>${escapeHtml(caption)}</caption>
<thead><tr>${heads}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}

/** The figures behind a chart. */
export const behind = (table: string): string =>
  `<details><summary>Figures as a table</summary>${table}</details>`;

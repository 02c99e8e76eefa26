/** Colours of series, dark enough on white and light enough on near black; what has none of its own is grey. */
const LIGHT = ['#0b6bcb', '#c2410c', '#15803d', '#7c3aed', '#b91c5c', '#0e7490', '#a16207', '#4d5b6b'];
const DARK = ['#6cb6ff', '#ff9d5c', '#6ee79a', '#c4a5ff', '#ff8fbd', '#67e0f0', '#f2cc60', '#aab6c4'];
export const COLOURS = LIGHT.length;

const variables = (colours: readonly string[]): string => colours.map((c, i) => `--c${i}:${c}`).join(';');

export const PAGE_STYLE = `:root{color-scheme:light dark;--fg:#1a1a1a;--soft:#555;--bg:#fff;--line:#0003;--card:#0000000a;${variables(LIGHT)}}
@media(prefers-color-scheme:dark){:root{--fg:#e8e8e8;--soft:#b0b0b0;--bg:#151515;--line:#fff4;--card:#ffffff0f;${variables(DARK)}}}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,sans-serif;color:var(--fg);background:var(--bg);max-width:70rem;margin:0 auto;padding:1rem}
h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.15rem;margin:2rem 0 .3rem}h3{font-size:1rem;margin:1rem 0 .2rem;overflow-wrap:anywhere}
p{margin:.3rem 0;color:var(--soft);max-width:46rem;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.6rem;margin:1rem 0}
dl div{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.5rem .7rem}
dt{font-size:.8rem;color:var(--soft)}dd{margin:0;font-size:1.25rem;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
svg{display:block}svg rect{fill:var(--fill)}
.bars{display:grid;grid-template-columns:minmax(5rem,12rem) 1fr max-content;gap:.3rem .7rem;align-items:center;margin:.5rem 0;padding:0;list-style:none}
.bars li{display:contents}.bars svg{width:100%;height:1.1rem;background:var(--card)}
.bars .name{overflow-wrap:anywhere}.bars .n{text-align:right;font-variant-numeric:tabular-nums}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1rem;margin:.4rem 0;padding:0;list-style:none;font-size:.85rem}
.legend li{display:flex;align-items:center;gap:.35rem;overflow-wrap:anywhere}.legend svg{flex:none;width:.8rem;height:.8rem}
.time svg{width:100%;height:9rem;background:var(--card);border-bottom:1px solid var(--line)}
.axis{display:flex;justify-content:space-between;gap:.5rem;font-size:.8rem;color:var(--soft)}
.places{display:grid;grid-template-columns:repeat(auto-fill,minmax(9rem,1fr));gap:1rem;margin:.5rem 0}
.places figure{margin:0}.places svg{width:100%;aspect-ratio:16/9;height:auto;border:1px solid var(--line)}
figcaption{font-size:.85rem;overflow-wrap:anywhere}
.scroll{overflow-x:auto;margin:.5rem 0}.scroll:focus-visible,summary:focus-visible{outline:3px solid var(--c0);outline-offset:2px}
table{border-collapse:collapse;font-size:.85rem}caption{text-align:left;color:var(--soft);padding:.2rem 0}
td,th{border-bottom:1px solid var(--line);padding:.2rem .6rem;text-align:left;white-space:nowrap}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}tbody th{font-weight:normal}
summary{cursor:pointer;color:var(--soft);font-size:.9rem;padding:.2rem 0}
@media(max-width:32rem){.bars{grid-template-columns:1fr max-content}.bars .name{grid-column:1/-1;margin-top:.3rem}}
@media print{:root{--fg:#000;--soft:#333;--bg:#fff;--line:#0004;${variables(LIGHT)}}body{max-width:none;padding:0;font-size:11px}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}details::details-content{content-visibility:visible;display:block}
summary{display:none}.scroll{overflow:visible}td,th{white-space:normal;padding:.1rem .3rem}section,tr,figure,.bars{break-inside:avoid}}`;

export const PAGE_STYLE = `:root{color-scheme:light dark;--fg:#1a1a1a;--bg:#fff;--line:#8886;--card:#8881;--not:#c2410c;--logo:#15803d;--unsure:#6b6b6b;--focus:#0b6bcb}
@media(prefers-color-scheme:dark){:root{--fg:#e8e8e8;--bg:#151515;--not:#ff9d5c;--logo:#4ade80;--unsure:#a3a3a3;--focus:#6cb6ff}}
*{box-sizing:border-box}
body{font:15px/1.45 system-ui,sans-serif;color:var(--fg);background:var(--bg);margin:0;padding:0 1rem 2rem}
header{position:sticky;top:0;z-index:1;background:var(--bg);border-bottom:1px solid var(--line);padding:.6rem 0;display:flex;flex-wrap:wrap;gap:.4rem 1.2rem;align-items:center}
h1{font-size:1.1rem;margin:0}
details{max-width:60rem;margin:.6rem 0}
code{background:var(--card);border:1px solid var(--line);border-radius:4px;padding:.1rem .35rem;overflow-wrap:anywhere}
kbd{border:1px solid var(--line);border-radius:4px;padding:0 .3rem;font:inherit;font-size:.85em}
#cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(21rem,1fr));gap:.8rem;margin-top:.8rem}
article{border:2px solid var(--line);border-radius:8px;padding:.5rem;background:var(--card);scroll-margin-top:5rem}
article:focus{outline:3px solid var(--focus);outline-offset:1px}
article[hidden]{display:none}
article[data-verdict=not-the-logo]{border-color:var(--not)}
article[data-verdict=logo]{border-color:var(--logo)}
article[data-verdict=unsure]{border-color:var(--unsure)}
.pictures{display:grid;grid-template-columns:3fr 2fr;gap:.4rem;height:10.5rem}
.pictures svg{width:100%;height:100%;background:#0003;border-radius:4px}
.pictures rect{fill:none;stroke:#f0f;stroke-width:2;vector-effect:non-scaling-stroke}
.facts{margin:.4rem 0;font-size:.85rem;overflow-wrap:anywhere}
.facts b{font-size:1rem}
.verdicts{display:flex;gap:.3rem}
button{font:inherit;font-size:.85rem;color:inherit;background:var(--bg);border:1px solid var(--line);border-radius:6px;padding:.25rem .5rem;cursor:pointer}
.verdicts button{flex:1}
button[aria-pressed=true]{color:var(--bg);font-weight:600}
button[value=not-the-logo][aria-pressed=true]{background:var(--not)}
button[value=logo][aria-pressed=true]{background:var(--logo)}
button[value=unsure][aria-pressed=true]{background:var(--unsure)}
#save{border-color:var(--focus);font-weight:600}
`;

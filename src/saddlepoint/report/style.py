"""How the page looks: on a phone and a wide screen, by day and by night, and on paper."""

CSS = """
:root { color-scheme: light dark; --page: #fff; --text: #1c1d21; --dim: #5c6069; --rule: #d9dbe0; --soft: #f3f4f6;
  --error: #b3261e; --warning: #8a5a00; --c0: #2166ac; --c1: #c2410c; --c2: #15803d; --c3: #7e22ce; --c4: #be185d;
  --c5: #57534e; }
@media (prefers-color-scheme: dark) { :root { --page: #15161a; --text: #e7e8ec; --dim: #a0a4ae; --rule: #34363d;
  --soft: #1e2026; --error: #ff8a80; --warning: #f0b849; --c0: #6cb1ff; --c1: #ff9e64; --c2: #5fd08a; --c3: #c99bff;
  --c4: #ff8ab8; --c5: #b8b2ab; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 66rem; padding: 1.5rem 1rem 4rem; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .75rem; border-bottom: 1px solid var(--rule); padding-bottom: .25rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
p { margin: .5rem 0; max-width: 46rem; }
.dim, figcaption, dt { color: var(--dim); }
figure { margin: 0; }
figcaption { font-size: .875rem; margin: .25rem 0; }
img { display: block; max-width: 100%; height: auto; border-radius: 3px; }
.film, .charts { display: grid; gap: 1rem; }
.film { margin-top: 1rem; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); }
.film img { width: 100%; }
.charts { grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr)); }
.finding { border-left: 4px solid var(--warning); background: var(--soft); padding: .5rem .75rem; max-width: none; }
.finding.error { border-color: var(--error); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; overflow-wrap: normal; }
th, td { text-align: left; vertical-align: top; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--rule); }
th { color: var(--dim); font-weight: 500; }
td { font-variant-numeric: tabular-nums; }
td:first-child, .number { white-space: nowrap; }
dl { display: grid; grid-template-columns: minmax(6rem, max-content) 1fr; gap: .25rem 1rem; margin: .5rem 0;
  font-size: .9rem; }
dd { margin: 0; }
details { margin: .75rem 0; }
summary { cursor: pointer; }
pre { background: var(--soft); padding: .75rem; overflow-x: auto; font-size: .85rem; overflow-wrap: normal; }
svg { display: block; width: 100%; height: auto; font: 12px system-ui, sans-serif; }
svg text { fill: var(--dim); }
.grid { stroke: var(--rule); }
.line { fill: none; stroke: var(--own); stroke-width: 1.6; stroke-linejoin: round; }
.band { fill: var(--own); opacity: .18; }
.dot { fill: var(--own); }
.legend { font-size: .875rem; margin: 0; display: flex; flex-wrap: wrap; gap: 0 1rem; }
.key { display: inline-block; width: 1em; height: 3px; background: var(--own); vertical-align: middle;
  margin-right: .4em; }
.c0 { --own: var(--c0); } .c1 { --own: var(--c1); } .c2 { --own: var(--c2); } .c3 { --own: var(--c3); }
.c4 { --own: var(--c4); } .c5 { --own: var(--c5); }
@media print { details:not([open]) > * { display: block; } section { break-inside: avoid; } }
"""

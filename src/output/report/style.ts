/**
 * What the pages of every kind of run share: colours, type, controls, and the head with title, status, facts and notices.
 * Each colour has a light and a dark value; text colours keep a contrast of at least 4.5 to 1 on the surfaces they are used
 * on, which a test computes.
 */
export const baseStyle = `
:root {
  color-scheme: light dark;
  --page: light-dark(#f5f6f8, #0e1116);
  --surface: light-dark(#ffffff, #161b22);
  --sunken: light-dark(#eef0f4, #1e252e);
  --line: light-dark(#dde1e8, #2b333e);
  --field-line: light-dark(#868f9c, #6c7785);
  --text: light-dark(#171a20, #e8ebf0);
  --quiet: light-dark(#565f6d, #9da7b5);
  --accent: light-dark(#2350c8, #93b4ff);
  --upsampled: light-dark(#11703f, #62d394);
  --reused: light-dark(#0b6480, #6cc7e8);
  --skipped: light-dark(#565f6d, #9da7b5);
  --failed: light-dark(#b3241b, #ff968c);
  --pending: light-dark(#855300, #efbf63);
  --added: light-dark(#0c5a33, #a4ebc0);
  --added-surface: light-dark(#e0f4e8, #143524);
  --removed: light-dark(#9c2019, #ffb8b0);
  --removed-surface: light-dark(#fde5e3, #3f1d1c);
  --frame-edge: 1px solid color-mix(in srgb, var(--text) 28%, transparent);
  --radius: 10px;
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
  scroll-padding-top: 8rem;
}
:root[data-theme=light] { color-scheme: light; }
:root[data-theme=dark] { color-scheme: dark; }
*, ::before, ::after { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font-variant-numeric: tabular-nums; }
.banner, main, footer { max-width: 72rem; margin-inline: auto; padding-inline: clamp(1rem, 3vw, 2rem); }
h1, h2, h3, h4, p, dl, dd, figure { margin: 0; }
code, kbd { font-family: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, "DejaVu Sans Mono", monospace; font-size: .9em; }
bdi, p, dd, code { overflow-wrap: anywhere; }
button, input, select { font: inherit; color: inherit; }
button, select {
  border: 1px solid var(--line); border-radius: 8px; background: var(--surface); padding: .3rem .7rem; cursor: pointer;
}
button:hover, select:hover { border-color: var(--field-line); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
#results:focus { outline: none; }
[hidden] { display: none !important; }
.quiet { color: var(--quiet); }
html:not([data-live]) :is(.toolbar, .command button) { display: none; }
script { display: none !important; }
.unseen {
  position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}
.skip { position: absolute; left: -100vw; z-index: 3; background: var(--surface); padding: .6rem 1rem; }
.skip:focus { left: .5rem; top: .5rem; }
.mark { font-weight: 700; }
footer { color: var(--quiet); font-size: .87rem; padding-block: 2.5rem 3rem; }
dialog {
  border: 1px solid var(--line); border-radius: 14px; background: var(--surface); color: var(--text);
  padding: 1.5rem; width: min(26rem, calc(100vw - 2rem)); box-shadow: 0 20px 60px rgb(0 0 0 / .3);
}
dialog::backdrop { background: rgb(10 12 16 / .5); }
dialog h2 { font-size: 1.1rem; margin-bottom: 1rem; }
dialog dl div { display: flex; gap: 1rem; padding: .35rem 0; border-top: 1px solid var(--line); }
dialog dt { flex: 0 0 7rem; display: flex; gap: .3rem; align-items: flex-start; }
dialog button { margin-top: 1rem; }
kbd {
  border: 1px solid var(--line); border-bottom-width: 2px; border-radius: 5px; background: var(--sunken);
  padding: 0 .4em; min-width: 1.7em; text-align: center; color: var(--quiet);
}
@media (prefers-reduced-motion: no-preference) {
  button, .spec, .chip { transition: border-color .15s, background-color .15s; }
}
@media print {
  :root { color-scheme: light; font-size: 11px; }
  .toolbar, .skip, .copy, .command button, footer { display: none !important; }
  .spec { break-inside: avoid; box-shadow: none; }
  body { background: none; }
}

/* The head. */
.banner { padding-block: 2rem 1.5rem; }
.brand { font-weight: 700; letter-spacing: .01em; font-size: .93rem; }
.brand span { color: var(--quiet); font-weight: 400; margin-left: .3rem; }
.title { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1rem; margin-top: .6rem; }
h1 { font-size: clamp(1.5rem, 1.1rem + 1.8vw, 2.1rem); line-height: 1.2; font-weight: 680; letter-spacing: -.02em; }
.run-status {
  display: inline-flex; gap: .45rem; align-items: center; border-radius: 99px; padding: .15rem .8rem .15rem .65rem;
  font-weight: 600; font-size: .93rem; border: 1px solid currentColor; color: var(--pending);
}
.run-status.complete { color: var(--upsampled); }
.run-status.failed { color: var(--failed); }
.sentence { color: var(--quiet); margin-top: .3rem; }
.run-id { margin-left: .5rem; }
.counts-bar { display: block; width: 100%; height: 8px; border-radius: 99px; background: var(--sunken); margin-top: 1.2rem; }
.counts-bar .upsampled { fill: var(--upsampled); }
.counts-bar .reused { fill: var(--reused); }
.counts-bar .skipped { fill: var(--field-line); }
.counts-bar .failed { fill: var(--failed); }
.counts-bar .open { fill: var(--sunken); }
.facts { display: flex; flex-wrap: wrap; gap: .8rem 2.2rem; margin-top: 1.3rem; }
.facts dt { color: var(--quiet); font-size: .83rem; }
.facts dd { font-weight: 500; }
.notices { display: grid; gap: .75rem; }
.notices:has(section) { margin-top: 1.5rem; }
.notice {
  background: var(--surface); border: 1px solid var(--line); border-left: 4px solid var(--pending);
  border-radius: var(--radius); padding: .9rem 1.1rem;
}
.notice.remark { border-left: 1px solid var(--line); padding-left: calc(1.1rem + 3px); }
.notice h2 { font-size: 1rem; font-weight: 650; }
.command { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin-top: .6rem; }
.command code { background: var(--sunken); border-radius: 8px; padding: .4rem .7rem; flex: 0 1 auto; }
`;

/** Panels with their tables and legends. */
export const panelStyle = `
.panel { background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius); padding: 1.1rem 1.3rem 1.3rem; min-width: 0; }
.panel h2 { font-size: 1.13rem; font-weight: 650; letter-spacing: -.01em; margin-bottom: .6rem; }
.panel h3 { font-size: .93rem; font-weight: 650; margin: 1.1rem 0 .3rem; }
.scroll { overflow-x: auto; margin-inline: -1.3rem; padding-inline: 1.3rem; }
table { border-collapse: collapse; width: 100%; font-size: .95rem; }
th, td { text-align: start; padding: .45rem 1.1rem .45rem 0; border-bottom: 1px solid var(--line); vertical-align: top; font-weight: 400; white-space: nowrap; }
tr > :last-child { padding-right: 0; }
tbody tr:last-child > * { border-bottom: 0; }
thead th { color: var(--quiet); font-size: .83rem; padding-top: 0; }
tbody th { font-weight: 600; }
td small, th small { display: block; color: var(--quiet); font-weight: 400; font-size: .83rem; white-space: normal; }
.scroll + p { margin-top: .7rem; }
.legend-line { display: flex; flex-wrap: wrap; gap: .2rem 1.4rem; margin: .5rem 0 1.1rem; font-size: .93rem; }
.key::before { content: ""; display: inline-block; width: .62rem; height: .62rem; border-radius: 3px; margin-right: .4rem; }
`;

/** The list of specs, closed. */
export const specsStyle = `
main { padding-block: 1rem; }
.spec {
  position: relative; background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius);
  margin-bottom: .6rem; contain: layout style;
}
.spec.failed { border-left: 4px solid var(--failed); }
.spec.failed .head { padding-left: calc(.8rem - 3px); }
.spec:has(.toggle:hover) { border-color: var(--field-line); }
.spec.failed:has(.toggle:hover) { border-left-color: var(--failed); }
.head { display: grid; grid-template-columns: 7rem minmax(0, 1fr) auto; gap: 1rem; padding: .8rem 1rem .8rem .8rem; position: relative; }
.thumb { width: 7rem; height: 3.94rem; object-fit: cover; border-radius: 6px; background: var(--sunken); display: block; outline: var(--frame-edge); outline-offset: -1px; }
.thumb.none { display: grid; place-items: center; color: var(--quiet); font-size: .8rem; border: 1px dashed var(--line); background: none; outline: none; }
.summary { min-width: 0; }
.name-line { display: flex; flex-wrap: wrap; align-items: baseline; gap: .1rem .7rem; }
h3 { font-size: 1rem; font-weight: 620; line-height: 1.35; min-width: 0; }
.toggle { border: 0; background: none; padding: 0; font: inherit; text-align: start; border-radius: 4px; }
.toggle::after { content: ""; position: absolute; inset: 0; border-radius: var(--radius); }
.toggle:focus-visible { outline: none; }
.toggle:focus-visible::after { outline: 3px solid var(--accent); outline-offset: 1px; }
.badge { font-size: .83rem; white-space: nowrap; color: var(--quiet); }
.badge .mark { margin-right: .3rem; }
.badge.failed { color: var(--failed); font-weight: 600; }
.path { color: var(--quiet); font-size: .85rem; line-height: 1.4; }
.preview {
  margin-top: .25rem; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; line-clamp: 2; overflow: hidden;
}
.open .preview { display: none; }
.failure, .next-step { position: relative; z-index: 1; width: fit-content; }
.failure { margin-top: .35rem; }
.failure code { color: var(--failed); background: var(--removed-surface); border-radius: 5px; padding: .1rem .4rem; margin-right: .2rem; }
.next-step { color: var(--quiet); }
.next-step b { color: var(--text); font-weight: 620; }
.figures { text-align: right; white-space: nowrap; padding-right: 1.6rem; line-height: 1.35; }
.figures b { font-weight: 500; }
.figures small { display: block; font-size: .83rem; }
.figures small, .figures p + p { color: var(--quiet); }
.figures p + p { margin-top: .15rem; }
.head::after {
  content: ""; position: absolute; right: 1.1rem; top: 1.25rem; width: .5rem; height: .5rem; pointer-events: none;
  border: solid var(--quiet); border-width: 0 2px 2px 0; rotate: 45deg;
}
.open > .head::after { rotate: 225deg; top: 1.5rem; }
.empty { text-align: center; padding: 3rem 1rem; color: var(--quiet); }
.plain-failures { padding-left: 1.2rem; }
@media (max-width: 40rem) {
  .head { grid-template-columns: 5rem minmax(0, 1fr); gap: .6rem .8rem; }
  .thumb { width: 5rem; height: 2.81rem; }
  .name-line { padding-right: 1.4rem; }
  .figures { grid-column: 1 / -1; display: flex; flex-wrap: wrap; gap: .2rem 1rem; text-align: start; padding: 0; white-space: normal; }
  .figures small { display: inline; }
  .figures p + p { margin: 0; }
}
`;

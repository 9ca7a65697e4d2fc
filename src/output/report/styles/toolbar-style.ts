/** Search, order, filters and the count of matches; stays in view. */
export const toolbarStyle = `
.toolbar {
  position: sticky; top: 0; z-index: 2; background: var(--page); border-block: 1px solid var(--line);
  padding-block: .6rem; display: grid; gap: .55rem;
  padding-inline: max(clamp(1rem, 3vw, 2rem), calc((100% - 72rem) / 2 + clamp(1rem, 3vw, 2rem)));
}
.toolbar-row { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; min-width: 0; }
.search { flex: 1 1 14rem; position: relative; min-width: 0; }
.search input {
  width: 100%; border: 1px solid var(--field-line); border-radius: 8px; background: var(--surface); padding: .4rem 2.4rem .4rem .8rem;
}
.search input::placeholder { color: var(--quiet); opacity: 1; }
.search kbd { position: absolute; right: .6rem; top: 50%; translate: 0 -50%; pointer-events: none; }
.search input:focus + kbd, .search input:not(:placeholder-shown) + kbd { display: none; }
.sort { display: flex; align-items: center; gap: .4rem; color: var(--quiet); }
.sort select { color: var(--text); padding-block: .42rem; }
.toolbar button { white-space: nowrap; }
.chips { display: flex; flex-wrap: wrap; gap: .4rem; flex: 1 1 auto; }
.chip { display: inline-flex; align-items: baseline; gap: .35rem; border-radius: 99px; padding: .15rem .8rem .15rem .65rem; font-size: .93rem; }
.chip b { font-weight: 650; }
.chip[aria-pressed=true] { background: var(--text); color: var(--page); border-color: var(--text); }
.chip[aria-pressed=true] .mark { color: inherit; }
.upsampled > .mark { color: var(--upsampled); } .upsampled > .mark::before { content: "✓"; }
.reused > .mark { color: var(--reused); } .reused > .mark::before { content: "↻"; }
.skipped > .mark { color: var(--skipped); } .skipped > .mark::before { content: "–"; }
.failed > .mark { color: var(--failed); } .failed > .mark::before { content: "✕"; }
.pending > .mark { color: var(--pending); } .pending > .mark::before { content: "…"; }
.run-status > .mark::before { content: none; }
#count { color: var(--quiet); margin-left: auto; font-size: .93rem; }
@media (max-width: 40rem) {
  :root { scroll-padding-top: 10.5rem; }
  .sort span { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .search { flex-basis: 100%; }
  .sort { flex: 1 1 6rem; min-width: 0; }
  .sort select { width: 100%; min-width: 0; }
  .toolbar button { padding-inline: .6rem; }
  .toolbar-row + .toolbar-row { flex-wrap: nowrap; }
  #count { flex: none; max-width: 45%; text-align: end; }
  .chips { flex-wrap: nowrap; min-width: 0; overflow-x: auto; scrollbar-width: none; margin: -3px; padding: 3px; }
  .chip { flex: none; }
}
@media (max-height: 26rem) { .toolbar { position: static; } :root { scroll-padding-top: 1rem; } }
`;

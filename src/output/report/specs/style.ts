/** Pages that list specs: the toolbar, which stays in view, and the specs, closed and open. */
export const specsStyle = `
/* The toolbar. */
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

/* The specs, closed. */
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

/* What opens below a spec: frames, prompts, figures. */
.details {
  display: grid; grid-template-columns: minmax(0, 1fr) 17rem; gap: 1.2rem 2rem; padding: 1rem 1rem 1.2rem;
  border-top: 1px solid var(--line);
}
.texts, .numbers { display: grid; gap: 1.1rem; align-content: start; min-width: 0; }
.numbers { gap: .6rem; font-size: .93rem; }
.frames { display: flex; flex-wrap: wrap; gap: .8rem; }
.frames figure { flex: 0 1 320px; min-width: 0; }
.frames img { display: block; max-width: 100%; height: auto; border-radius: 6px; background: var(--sunken); outline: var(--frame-edge); outline-offset: -1px; }
figcaption { color: var(--quiet); font-size: .83rem; margin-top: .2rem; }
h4 { font-size: .83rem; font-weight: 650; color: var(--quiet); }
.prompt-title { display: flex; flex-wrap: wrap; align-items: center; gap: .2rem .8rem; margin-bottom: .25rem; }
.prompt { max-width: 44rem; }
.prompt p { white-space: pre-wrap; }
.prompt.before p { color: var(--quiet); }
.prompt.after p { font-size: 1.03rem; line-height: 1.75; }
.copy { font-size: .83rem; padding: 0 .55rem; margin-left: auto; }
.legend { font-size: .83rem; color: var(--quiet); }
ins { color: var(--added); background: var(--added-surface); border-radius: 3px; text-decoration: underline color-mix(in srgb, currentColor 40%, transparent) 1px; text-underline-offset: 3px; }
del { color: var(--removed); background: var(--removed-surface); border-radius: 3px; text-decoration: line-through; }
ins, del { padding: .08em .15em; -webkit-box-decoration-break: clone; box-decoration-break: clone; }
.budget { display: flex; height: 8px; border-radius: 99px; overflow: hidden; background: var(--sunken); }
.budget .vision, .key.vision::before { background: var(--accent); }
.budget .text, .key.text::before { background: var(--upsampled); }
.budget .output, .key.output::before { background: var(--field-line); }
.budget-key { display: flex; flex-wrap: wrap; gap: .1rem .9rem; margin-top: .35rem; font-size: .83rem; color: var(--quiet); }
.key::before { content: ""; display: inline-block; width: .55rem; height: .55rem; border-radius: 2px; margin-right: .35rem; }
.fact-list > div { display: flex; gap: .3rem 1rem; justify-content: space-between; padding: .22rem 0; border-bottom: 1px solid var(--line); }
.fact-list > div:last-child { border-bottom: 0; }
.fact-list dt { color: var(--quiet); flex: none; }
.fact-list dd { text-align: end; min-width: 0; }
@media (max-width: 60rem) { .details { grid-template-columns: minmax(0, 1fr); } .numbers { max-width: 44rem; } }
`;

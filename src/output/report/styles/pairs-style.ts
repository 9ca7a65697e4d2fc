/**
 * Frames before and after. With scripts one lies above the other, cut at `--at`; on paper and without scripts they stand
 * side by side. `--aspect` is the picture's width to its height, `--zoom` how much larger than its window it is,
 * `--middle` where the handle is.
 */
export const pairsStyle = `
.pair + .pair { margin-top: 1.2rem; }
.stage { position: relative; display: grid; grid-template-columns: 1fr 1fr; gap: .6rem; }
.stage img { display: block; width: 100%; height: auto; background: var(--sunken); }
.before { order: -1; }
.divider { display: none; }
.pair figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .2rem 1rem; font-size: .93rem; margin-top: .5rem; }
.pair-name { color: var(--quiet); }
@media screen {
  [data-live] .view { overflow: auto; max-height: 76vh; border-radius: 8px; background: var(--sunken); outline: var(--frame-edge); outline-offset: -1px; }
  [data-live] .stage {
    display: block; width: calc(var(--zoom, 1) * min(100%, 76vh * var(--aspect, 1.7778))); aspect-ratio: var(--aspect, 1.7778);
    margin-inline: auto; overflow: hidden; cursor: ew-resize; touch-action: pan-y; user-select: none; -webkit-user-select: none;
  }
  [data-live] .zoomed .stage { touch-action: pan-x pan-y; }
  [data-live] .stage img { position: absolute; inset: 0; height: 100%; }
  [data-live] .before { clip-path: inset(0 calc(100% - var(--at, 50%)) 0 0); }
  [data-live] .divider {
    display: block; position: absolute; inset-block: 0; left: var(--at, 50%); width: 2px; margin-left: -1px; background: #fff;
    box-shadow: 0 0 0 1px rgb(0 0 0 / .45); pointer-events: none;
  }
  [data-live] .divider::after {
    content: "‹ ›"; position: absolute; top: var(--middle, 50%); left: 50%; translate: -50% -50%; width: 2.3rem; height: 2.3rem; border-radius: 50%;
    display: grid; place-items: center; background: #fff; color: #171a20; font: 700 1rem/1 system-ui, sans-serif; padding-bottom: .15rem;
    box-shadow: 0 1px 6px rgb(0 0 0 / .5);
  }
}
.pair input { display: block; width: 100%; margin: .7rem 0 0; accent-color: var(--accent); height: 1.6rem; }
.pairs-controls { display: flex; flex-wrap: wrap; align-items: flex-end; justify-content: space-between; gap: .8rem 1.2rem; margin-bottom: .9rem; }
.picker { display: flex; flex-wrap: wrap; gap: .5rem; min-width: 0; }
.choice { padding: .3rem; display: grid; gap: .2rem; font-size: .8rem; color: var(--quiet); }
.choice img { display: block; width: 6rem; height: 3.4rem; object-fit: cover; border-radius: 5px; }
.choice[aria-pressed=true] { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent); color: var(--text); }
.zooms { display: flex; }
.zooms button { border-radius: 0; margin-left: -1px; }
.zooms button:first-child { border-radius: 8px 0 0 8px; }
.zooms button:last-child { border-radius: 0 8px 8px 0; }
.zooms button[aria-pressed=true] { background: var(--text); color: var(--page); border-color: var(--text); }
@media (max-width: 40rem) {
  .picker { flex-wrap: nowrap; overflow-x: auto; margin: -4px; padding: 4px; }
  .choice img { width: 4.6rem; height: 2.6rem; }
  .pair-name { order: 3; flex-basis: 100%; }
}
@media print { .live-only, .picker { display: none !important; } .pair { display: block !important; break-inside: avoid; } }
`;

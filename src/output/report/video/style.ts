/** The page of an upscaled video: tables, bars and lists in panels, and the frames before and after. */
export const videoStyle = `
/* The panels. */
main { padding-block: 0 1rem; display: grid; gap: 1.1rem; }
main.alone { padding-top: 1.5rem; }
main:focus { outline: none; }
.brand-line { display: flex; justify-content: space-between; align-items: center; gap: 1rem; }
html:not([data-live]) :is(#theme, .live-only) { display: none; }
.facts dd { max-width: 34rem; }
.lead { margin-bottom: .9rem; }
.notice ul { margin: .4rem 0 0; padding-left: 1.2rem; }
.failure-notice { border-left-color: var(--failed); }
.notice .failures { list-style: none; padding: 0; display: grid; gap: .6rem; }
.failures code, td code { color: var(--failed); background: var(--removed-surface); border-radius: 5px; padding: .1rem .4rem; }
.failures b { color: var(--text); font-weight: 620; }
tr:has(+ .why) > * { border-bottom: 0; padding-bottom: 0; }
.why td { padding-top: 0; }
.stages .wide { width: 45%; min-width: 6rem; }
.stages :is(td, th):not(:first-child, .wide), .segments :is(td, th):nth-child(n+5) { text-align: end; }
.stages svg { display: block; width: 100%; height: 10px; border-radius: 99px; background: var(--sunken); margin-top: .4rem; }
.pace { font-size: .8rem; font-weight: 600; color: var(--accent); white-space: nowrap; margin-left: .4rem; }
.time-bar { display: block; width: 100%; height: 14px; border-radius: 99px; background: var(--sunken); }
rect.scan { fill: var(--reused); } .key.scan::before { background: var(--reused); }
rect:is(.segments, .upscale) { fill: var(--accent); } .key.segments::before { background: var(--accent); }
rect:is(.decode, .encode) { fill: color-mix(in srgb, var(--accent) 55%, var(--surface)); }
rect.finish { fill: var(--upsampled); } .key.finish::before { background: var(--upsampled); }
.shares { margin-top: .8rem; }
.shares svg { display: block; width: 100%; height: 3.4rem; border-radius: 6px; background: var(--sunken); fill: var(--reused); }
.shares figcaption { display: flex; justify-content: space-between; gap: 1rem; color: var(--quiet); font-size: .83rem; margin-top: .25rem; }
.spans svg { fill: var(--accent); min-height: .8rem; height: auto; max-height: 9rem; }
.sheet { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 1fr)); gap: 1.1rem; }
.sheet figure { margin: 0; }
.sheet svg { display: block; width: 100%; height: auto; border-radius: 8px; background: var(--sunken); }
.sheet rect { fill: none; stroke: #ff2d55; stroke-width: 3; vector-effect: non-scaling-stroke; }
.sheet figcaption { font-size: .88rem; color: var(--quiet); margin-top: .4rem; overflow-wrap: anywhere; }
.held { margin: 0; padding-left: 1.2rem; display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); gap: 0 2rem; }
.held .quiet { white-space: nowrap; }
.checks { list-style: none; margin: 0; padding: 0; }
.checks li { padding-left: 1.4rem; text-indent: -1.4rem; }
.checks li::before { content: "✓"; color: var(--upsampled); font-weight: 700; display: inline-block; width: 1.4rem; text-indent: 0; }
.badge { white-space: nowrap; }
.badge .mark { margin-right: .35rem; }
.badge.upsampled .mark { color: var(--upsampled); } .badge.upsampled .mark::before { content: "✓"; }
.badge.reused .mark { color: var(--reused); } .badge.reused .mark::before { content: "↻"; }
.badge.failed { color: var(--failed); font-weight: 600; } .badge.failed .mark::before { content: "✕"; }
.badge.pending .mark { color: var(--pending); } .badge.pending .mark::before { content: "–"; }
summary { cursor: pointer; color: var(--quiet); width: fit-content; border-radius: 4px; }
details[open] summary { margin-bottom: .7rem; }
.settings { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr)); gap: 0 2.5rem; }
.fact-list > div { display: flex; gap: .3rem 1rem; justify-content: space-between; padding: .3rem 0; border-bottom: 1px solid var(--line); }
.fact-list dt { color: var(--quiet); flex: none; }
.fact-list dd { text-align: end; min-width: 0; }
@media (max-width: 40rem) {
  .panel { padding-inline: 1rem; }
  .scroll { margin-inline: -1rem; padding-inline: 1rem; }
  .stages .wide { display: none; }
  th, td { padding-right: .75rem; }
  .pace { display: block; margin: 0; }
}
@media print { .panel { break-inside: avoid; } #theme, summary { display: none; } }

/*
 * Frames before and after. With scripts one lies above the other, cut at --at; on paper and without scripts they stand side
 * by side. --aspect is the picture's width to its height, --zoom how much larger than its window it is, --middle where the
 * handle is.
 */
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

/** What only the page of a run from prompts to videos has: its videos, with what they were made with. */
export const inferenceStyle = `
.remark { font-size: .83rem; white-space: nowrap; color: var(--pending); }
.remark::before { content: "● "; font-size: .6em; vertical-align: .2em; }
.video { grid-column: 1 / -1; display: grid; gap: .6rem; padding-top: 1.1rem; border-top: 1px solid var(--line); min-width: 0; }
.video-title { display: flex; flex-wrap: wrap; align-items: baseline; gap: .1rem .7rem; }
.video-title h4 { min-width: 0; overflow-wrap: anywhere; }
.video .failure { margin-top: 0; }
.warnings { margin: 0; padding: .6rem .9rem .6rem 2rem; border-left: 3px solid var(--pending); background: var(--sunken); border-radius: 6px; font-size: .93rem; max-width: 60rem; }
.video-parts { display: flex; flex-wrap: wrap; gap: 1rem 2rem; align-items: start; }
.video-pictures { flex: 0 1 320px; min-width: 0; display: grid; grid-template-columns: minmax(0, 1fr); gap: .5rem; }
.video-pictures > :is(video, img) { display: block; width: 100%; max-height: 320px; object-fit: contain; border-radius: 6px; background: var(--sunken); outline: var(--frame-edge); outline-offset: -1px; }
.stills { display: flex; gap: .4rem; }
.stills img { flex: 1 1 0; min-width: 0; max-height: 6rem; object-fit: cover; border-radius: 4px; outline: var(--frame-edge); outline-offset: -1px; }
.video-parts > .fact-list { flex: 1 1 20rem; min-width: 0; columns: 15rem; column-gap: 2rem; font-size: .93rem; }
.video-parts .fact-list > div { break-inside: avoid; }
.video-parts .fact-list > div:last-child { border-bottom: 1px solid var(--line); }
a { color: var(--accent); text-underline-offset: 2px; }
`;

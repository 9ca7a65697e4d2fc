/** What opens below a spec: frames, prompts, figures. */
export const detailsStyle = `
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

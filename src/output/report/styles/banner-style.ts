/** The head of the page: title, status, facts and notices. */
export const bannerStyle = `
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

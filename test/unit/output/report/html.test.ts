import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeHtml, html, scriptJson, trusted, visibleText } from '../../../../src/output/report/html.ts';

describe('html', () => {
  it('escapes what is put into it, once', () => {
    const inner = html`<b>${'<i>&"\''}</b>`;
    expect(inner.markup).toBe('<b>&#60;i&#62;&#38;&#34;&#39;</b>');
    expect(html`<p>${inner}</p>`.markup).toBe(`<p>${inner.markup}</p>`);
  });

  it('joins lists, writes numbers and leaves null out', () => {
    expect(html`${[html`<i>1</i>`, trusted('<i>2</i>')]}${3}${null}`.markup).toBe('<i>1</i><i>2</i>3');
  });

  it('lets no text become markup or leave an attribute', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escapeHtml(text)).not.toMatch(/[<>"'`\0]/);
      }),
      { seed: 3 },
    );
  });
});

describe('scriptJson', () => {
  it.each([
    { rule: 'an end tag', text: '</script><script>alert(1)</script>' },
    { rule: 'a comment', text: '<!-- <script>' },
    { rule: 'line separators', text: 'a\u2028b\u2029c' },
    { rule: 'NUL and a lone surrogate', text: '\0 \ud800 x' },
  ])('$rule stays data', ({ text }) => {
    const { markup } = scriptJson({ text });
    expect(markup).not.toMatch(/[<>\0\u2028\u2029]/);
    expect(JSON.parse(markup)).toEqual({ text });
  });
});

describe('visibleText', () => {
  it.each([
    {
      rule: 'a line that is turned around is shown turned',
      text: 'a\u202egpj.exe',
      expected: 'a⟨U+202E⟩gpj.exe',
    },
    { rule: 'NUL and escape are named', text: '\0\u001b[2J', expected: '⟨U+0000⟩⟨U+001B⟩[2J' },
    { rule: 'a lone surrogate is replaced', text: 'x\ud800y', expected: 'x\ufffdy' },
    { rule: 'line breaks and tabs stay', text: 'a\n\tb', expected: 'a\n\tb' },
    { rule: 'joiners and emoji stay', text: '👩\u200d🚀 می\u200cروم', expected: '👩\u200d🚀 می\u200cروم' },
  ])('$rule', ({ text, expected }) => expect(visibleText(text)).toBe(expected));
});

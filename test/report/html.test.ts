import { describe, expect, it } from 'vitest';
import { Html, html, jsonScript } from '../../src/report/html.ts';

describe('html', () => {
  it('shows every string as text, in elements and in attributes', () => {
    const name = `<img src=x onerror="alert('1')"> & co`;
    expect(html`<p title="${name}">${name}</p>`.markup).toBe(
      '<p title="&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt; &amp; co">' +
        '&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt; &amp; co</p>',
    );
  });

  it('takes templates, lists and numbers, and leaves out what there is none of', () => {
    const items = ['a', 'b<'].map((text) => html`<li>${text}</li>`);
    expect(html`<ul>${items}</ul>${undefined}${false}${3}${new Html('<hr>')}`.markup).toBe(
      '<ul><li>a</li><li>b&lt;</li></ul>3<hr>',
    );
  });

  it('keeps backslashes and dollar signs', () => {
    expect(html`<pre>${'C:\\new $& $1'}</pre>`.markup).toBe('<pre>C:\\new $&amp; $1</pre>');
  });

  it('writes data that no text in it can end', () => {
    const data = { name: '</script><script>alert(1)</script><!--' };
    const { markup } = jsonScript('data', data);
    expect(markup.match(/<\/?script/g)).toHaveLength(2);
    expect(markup).not.toContain('<!--');
    const [, json = ''] = /^<script[^>]*>(.*)<\/script>$/s.exec(markup) ?? [];
    expect(JSON.parse(json)).toEqual(data);
  });
});

import type { ReportHeader } from '../../../core/upsample/upsample-report.ts';
import { renderDocumentHead } from '../document-head.ts';
import type { Html } from '../html.ts';
import { pageScript, themeScript } from '../script.ts';
import { pageStyle } from '../styles/page-style.ts';
import { statusWords } from './status-words.ts';

/** The document's start up to and including `<body>`. */
export function renderHead(header: ReportHeader): Html {
  return renderDocumentHead({
    title: `${statusWords(header.status).title}: cosmos run ${header.run_id}`,
    style: pageStyle,
    earlyScript: themeScript,
    script: pageScript,
    skipTo: { id: 'results', text: 'Skip to the specs' },
  });
}

import type { OpenedReport } from '../../report/read-report.js';
import { viewOf } from '../../views/index.js';
import { AnswerError, type AnswerTo, type Connection, type DataSource, type News, type PageQuestion } from './data-source.js';

/** Has its answers from the run that is embedded in a report. Nothing changes, and nothing is asked of any machine. */
export class ReportSource implements DataSource {
  readonly mode = 'report';
  readonly report: OpenedReport;

  constructor(report: OpenedReport) {
    this.report = report;
  }

  follow<Q extends PageQuestion>(question: Q, see: (news: News<Q>) => void): () => void {
    let isOver = false;
    // Later than the call, as from a server: components may not change while they are drawn.
    this.ask(question).then(
      (answer) => !isOver && see({ type: 'answer', answer }),
      (error: AnswerError) => !isOver && see({ type: 'gone', fault: error }),
    );
    return () => {
      isOver = true;
    };
  }

  async ask<Q extends PageQuestion>(question: Q): Promise<AnswerTo<Q>> {
    if (question.of !== 'run' || question.runId !== this.report.run.runId) {
      throw new AnswerError({ code: 'HANDOFF_NOT_FOUND', message: 'This report has one run only' });
    }
    return viewOf(this.report.run, question.request) as AnswerTo<Q>;
  }

  async cancel(): Promise<void> {
    throw new AnswerError({ code: 'HANDOFF_NOT_FOUND', message: 'A report cancels nothing' });
  }

  onConnection(see: (connection: Connection) => void): () => void {
    see({ state: 'embedded' });
    return () => undefined;
  }
}

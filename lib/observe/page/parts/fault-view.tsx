import type { PageFault } from '../data/data-source.js';
import { EmptyState } from './notice.js';
import { PageLink } from './page-link.js';
import { PageTitle } from './page-title.js';

/** A page that cannot be shown, and why. */
export function FaultView({ fault, what }: { readonly fault: PageFault; readonly what: string }) {
  const [title, text] = wordsOf(fault, what);
  return (
    <>
      <PageTitle title={title} />
      <EmptyState title={text}>
        <p class="quiet">
          <code>{fault.code}</code> {fault.message}
        </p>
        <p>
          <PageLink to={{ page: 'runs' }}>All runs</PageLink>
        </p>
      </EmptyState>
    </>
  );
}

function wordsOf({ code }: PageFault, what: string): readonly [title: string, text: string] {
  switch (code) {
    case 'HANDOFF_NOT_FOUND':
      return [`Unknown ${what}`, `No node knows this ${what}. It may have ended some time ago.`];
    case 'HANDOFF_NODE_LOST':
      return ['Driver lost', `The node that drives this ${what} is gone. A durable run goes on where it is resumed.`];
    default:
      return [`No ${what}`, `This ${what} cannot be shown.`];
  }
}

import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';

/** The title of the page, of its tab, and the first thing that a screen reader says after a link was followed. */
export function PageTitle({
  title,
  above,
  children,
}: {
  readonly title: string;
  readonly above?: ComponentChildren;
  readonly children?: ComponentChildren;
}) {
  useEffect(() => {
    document.title = `${title} · handoff`;
  }, [title]);
  return (
    <div class="page-head">
      <div class="page-title">
        {above}
        <h1 tabIndex={-1}>{title}</h1>
      </div>
      {children}
    </div>
  );
}

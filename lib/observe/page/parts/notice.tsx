import type { ComponentChildren } from 'preact';

/** A few words in a box of their own: something to know, to look at, or that went wrong. */
export const Notice = ({ kind, children }: { readonly kind: 'calm' | 'warning' | 'danger'; readonly children: ComponentChildren }) => (
  <div class={`notice notice-${kind}`}>{children}</div>
);

/** A page, or a part of one, that has nothing to show, and why. */
export const EmptyState = ({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) => (
  <div class="empty">
    <p class="empty-title">{title}</p>
    {children && <div class="empty-text">{children}</div>}
  </div>
);

/** Lines of the height of the text that is on its way, so that nothing jumps when it comes. */
export const Skeleton = ({ lines }: { readonly lines: number }) => (
  <div class="skeleton" role="status" aria-label="Loading">
    {Array.from({ length: lines }, (_, at) => (
      <span key={at} style={{ width: `${92 - ((at * 37) % 45)}%` }} />
    ))}
  </div>
);

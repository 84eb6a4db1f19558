import type { ComponentChildren, JSX } from 'preact';
import { useNavigation } from '../router/navigation.js';
import type { PageRoute } from '../router/page-route.js';

interface LinkProps extends Omit<JSX.IntrinsicElements['a'], 'href' | 'onClick' | 'ref'> {
  readonly to: PageRoute;
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly children: ComponentChildren;
}

/** A link to another page. It is one for the browser too: it can be opened in another tab, and copied. */
export function PageLink({ to, query, children, ...rest }: LinkProps) {
  const navigation = useNavigation();
  const href = navigation.hrefOf(to, query);
  const onClick = (event: MouseEvent): void => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigation.go(href);
  };
  return (
    <a {...rest} href={href} onClick={onClick}>
      {children}
    </a>
  );
}

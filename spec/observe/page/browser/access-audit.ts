/**
 * Looks at the page as it is, as tools for accessibility do, and returns what is wrong with it: controls without a name, text without
 * contrast, references to nothing, headings and landmarks out of order, targets that a finger misses. It runs in the browser, so it uses
 * nothing from outside.
 */
export function auditPage(): string[] {
  const faults: string[] = [];
  const isSeen = (element: Element): boolean =>
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true });
  const where = (element: Element): string =>
    `<${element.tagName.toLowerCase()} class="${element.getAttribute('class') ?? ''}"> ${(element.textContent ?? '').slice(0, 40)}`;

  const nameOf = (element: Element): string => {
    const by = element.getAttribute('aria-labelledby');
    const labelled = by
      ?.split(/\s+/)
      .map((id) => document.getElementById(id)?.textContent ?? '')
      .join(' ');
    const labels =
      'labels' in element ? [...((element as HTMLInputElement).labels ?? [])].map((label) => label.textContent ?? '').join(' ') : '';
    const own = element.getAttribute('aria-label') ?? labelled ?? (labels.trim() || element.textContent || element.getAttribute('title'));
    return (own ?? '').trim();
  };
  for (const control of document.querySelectorAll(
    'a[href], button, input, select, summary, [tabindex="0"], [role="img"], dialog, table, nav, section',
  )) {
    if (!isSeen(control)) continue;
    const mustBeNamed =
      !/^(?:TABLE|SECTION|NAV)$/.test(control.tagName) || control.hasAttribute('aria-label') || control.hasAttribute('aria-labelledby');
    if (mustBeNamed && nameOf(control) === '') faults.push(`has no name: ${where(control)}`);
  }

  for (const attribute of ['aria-labelledby', 'aria-describedby', 'aria-controls', 'aria-activedescendant', 'for']) {
    for (const element of document.querySelectorAll(`[${attribute}]`)) {
      for (const id of element.getAttribute(attribute)!.split(/\s+/)) {
        if (!document.getElementById(id)) faults.push(`${attribute} names nothing: ${where(element)}`);
      }
    }
  }
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
  for (const id of new Set(ids)) if (ids.filter((one) => one === id).length > 1) faults.push(`id "${id}" is there twice`);

  if (document.querySelectorAll('h1').length !== 1) faults.push(`has ${document.querySelectorAll('h1').length} h1`);
  if (document.querySelectorAll('main').length !== 1) faults.push('has not one main');
  if (document.title.trim() === '' || !document.documentElement.lang) faults.push('has no title or no language');
  for (const image of document.querySelectorAll('img:not([alt]), svg:not([aria-hidden]):not([aria-label]):not([role="img"])'))
    faults.push(`image without words: ${where(image)}`);
  for (const hidden of document.querySelectorAll('[aria-hidden="true"] :is(a[href], button, input, select)')) {
    if (isSeen(hidden) && (hidden as HTMLElement).tabIndex >= 0) faults.push(`can be focused but is hidden: ${where(hidden)}`);
  }
  for (const ticking of document.querySelectorAll('[role="status"] .number, [role="alert"] .number')) {
    if (!ticking.closest('[aria-hidden="true"]') && !ticking.closest('dialog'))
      faults.push(`a screen reader is told of each change: ${where(ticking)}`);
  }

  const parts = (colour: string): [number, number, number, number] => {
    const numbers = colour.match(/[\d.]+(?:e-?\d+)?/g)?.map(Number) ?? [0, 0, 0];
    const scale = colour.startsWith('color(') ? 255 : 1;
    return [numbers[0]! * scale, numbers[1]! * scale, numbers[2]! * scale, numbers[3] ?? 1];
  };
  const over = (top: [number, number, number, number], below: [number, number, number, number]): [number, number, number, number] => {
    const share = top[3];
    return [top[0] * share + below[0] * (1 - share), top[1] * share + below[1] * (1 - share), top[2] * share + below[2] * (1 - share), 1];
  };
  const backgroundOf = (element: Element | null): [number, number, number, number] => {
    if (!element) return [255, 255, 255, 1];
    const own = parts(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own : over(own, backgroundOf(element.parentElement));
  };
  const luminance = (colour: [number, number, number, number]): number => {
    const [red, green, blue] = colour.slice(0, 3).map((part) => {
      const value = part / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    }) as [number, number, number];
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const element = text.parentElement!;
    if ((text.textContent ?? '').trim() === '' || !isSeen(element) || element.closest('.hidden, :disabled, [aria-disabled="true"]'))
      continue;
    const style = getComputedStyle(element);
    const below = backgroundOf(element);
    const [dark, light] = [luminance(over(parts(style.color), below)), luminance(below)].sort((a, b) => a - b) as [number, number];
    const isLarge =
      Number.parseFloat(style.fontSize) >= 24 || (Number.parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
    // The marks of states stand beside their names.
    const least = isLarge || element.closest('.mark, svg') ? 3 : 4.5;
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < least) faults.push(`contrast ${ratio.toFixed(2)}: ${where(element)}`);
  }

  if (document.documentElement.scrollWidth > window.innerWidth)
    faults.push(`is ${document.documentElement.scrollWidth} px wide in ${window.innerWidth}`);
  for (const control of document.querySelectorAll('button, select, input:not([type="radio"]), summary')) {
    if (!isSeen(control) || getComputedStyle(control).display === 'inline') continue;
    const { width, height } = control.getBoundingClientRect();
    if (Math.min(width, height) < 24) faults.push(`is ${Math.round(width)} by ${Math.round(height)} px: ${where(control)}`);
  }
  return faults;
}

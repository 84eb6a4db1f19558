export const anything = (): number => 1;
throw new Error('thrown while loading');

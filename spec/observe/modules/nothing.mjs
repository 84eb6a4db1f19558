/** Does nothing. */
export const nothing = () => undefined;

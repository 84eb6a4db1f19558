export const word = (): string => 'typed';
export const shout = (text: string): string => `${text.toUpperCase()}!`;

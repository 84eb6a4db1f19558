import { lackText } from '../format/amounts.js';

/** How much of which resources a function lacks somewhere. */
export const LackTag = ({ lacking }: { readonly lacking: Readonly<Record<string, number>> }) => (
  <span class="tag user-text">
    lacks <b>{lackText(lacking)}</b>
  </span>
);

/** The least length of a text that may be cut, characters, and what stays of its end. */
const SHORT = 20;
const END = 10;

/** A name in one line. Where there is no room for all of it, its middle is left out: names of functions often differ in their ends. */
export function MiddleText({ text }: { readonly text: string }) {
  if (text.length <= SHORT) return <span class="middle user-text">{text}</span>;
  return (
    <span class="middle user-text">
      <span class="middle-start">{text.slice(0, -END)}</span>
      <span class="middle-end">{text.slice(-END)}</span>
    </span>
  );
}

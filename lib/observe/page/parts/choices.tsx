import { useId } from 'preact/hooks';
import { countText } from '../format/amounts.js';

/** One of several, shown side by side. */
export interface Choice {
  readonly value: string;
  readonly text: string;
  readonly count?: number | undefined;
}

interface ChoicesProps {
  readonly label: string;
  readonly value: string;
  readonly choices: readonly Choice[];
  onChoose(value: string): void;
}

/** A choice of one among few: radio buttons, so that arrow keys move within it. */
export function Choices({ label, value, choices, onChoose }: ChoicesProps) {
  const name = useId();
  return (
    <fieldset class="choices">
      <legend class="hidden">{label}</legend>
      {choices.map((choice) => (
        <label key={choice.value} class={choice.value === value ? 'choice is-chosen' : 'choice'}>
          <input type="radio" name={name} value={choice.value} checked={choice.value === value} onChange={() => onChoose(choice.value)} />
          {choice.text}
          {choice.count !== undefined && <span class="number quiet">{countText(choice.count)}</span>}
        </label>
      ))}
    </fieldset>
  );
}

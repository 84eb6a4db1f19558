import { useState } from 'preact/hooks';
import { chooseTheme, type ThemeChoice, themeChoice } from '../theme/theme.js';

const CHOICES: readonly (readonly [ThemeChoice, string])[] = [
  ['system', 'System'],
  ['light', 'Light'],
  ['dark', 'Dark'],
];

/** Light, dark, or as the system has it. */
export function ThemeSwitch() {
  const [choice, setChoice] = useState(themeChoice);
  const onChange = (chosen: ThemeChoice): void => {
    chooseTheme(chosen);
    setChoice(chosen);
  };
  return (
    <label class="theme-switch">
      <span class="hidden">Theme</span>
      <select value={choice} onChange={({ currentTarget }) => onChange(currentTarget.value as ThemeChoice)}>
        {CHOICES.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

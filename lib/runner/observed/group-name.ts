/** The name of the group that a function belongs to: functions whose ids differ in digits only are one. `resize-12` is in `resize-*`. */
export const groupNameOf = (functionId: string): string => functionId.replace(/\d+/g, '*');

const [ZERO, NINE, STAR] = [48, 57, 42];
const isDigit = (code: number): boolean => code >= ZERO && code <= NINE;

/** Whether `groupNameOf(functionId)` is `group`, without making the name. */
export function isInGroup(functionId: string, group: string): boolean {
  let at = 0;
  for (let place = 0; place < group.length; place += 1) {
    const code = functionId.charCodeAt(at);
    if (group.charCodeAt(place) === STAR && isDigit(code))
      do at += 1;
      while (isDigit(functionId.charCodeAt(at)));
    else if (code === group.charCodeAt(place)) at += 1;
    else return false;
  }
  return at === functionId.length;
}

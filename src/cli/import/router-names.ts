import { RESERVED_MEMBER_NAMES } from '../../model/names.ts';

export interface Unnamed {
  readonly label: string;
  readonly id: string;
  /** Letters that its name may have. */
  readonly room: number;
}

/**
 * A valid name for each, all different, from its label or else its id. The first of several equal ones has the plain
 * name, others are numbered. Depends on nothing but the list.
 */
export function nameRouters(routers: readonly Unnamed[]): string[] {
  const wanted = routers.map(({ label, id, room }, index) => {
    const name = plainName(label, room) || plainName(id, room) || `r${index + 1}`;
    return RESERVED_MEMBER_NAMES.has(name) ? plainName(`r-${name}`, room) : name;
  });
  const taken = new Set(wanted);
  const given = new Set<string>();
  const nextNumber = createNumbering(taken);
  return wanted.map((name, index) => {
    if (!given.has(name)) {
      given.add(name);
      return name;
    }
    return nextNumber(name, routers[index]?.room ?? 0);
  });
}

/** A text as a name: without accents, lower case, everything else as "-"; empty where nothing is left. */
export function plainName(text: string, room: number): string {
  const letters = text
    // Longer than any name, short enough that a hostile label costs nothing.
    .slice(0, 256)
    .replace(WITHOUT_ACCENT, (letter) => SPELLED[letter.toLowerCase()] ?? letter)
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '');
  return trim((/^[0-9]/.test(letters) ? `r${letters}` : letters).slice(0, room));
}

/** Latin letters that are not another letter with an accent. */
const SPELLED: Readonly<Record<string, string>> = {
  ...{ ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ħ: 'h', ı: 'i', ŋ: 'ng', ŧ: 't' },
};
const WITHOUT_ACCENT = new RegExp(`[${Object.keys(SPELLED).join('')}]`, 'giu');

function trim(name: string): string {
  return name.replace(/-+$/, '');
}

/**
 * `paris-2`, `paris-3`, …, shortened where there is no room. Counts on for each shortened name and number of digits,
 * so that the work does not grow with the square of equal names.
 */
function createNumbering(taken: Set<string>): (name: string, room: number) => string {
  const counters = new Map<string, number>();
  return (name, room) => {
    for (let digits = 1; ; digits++) {
      const stem = trim(name.slice(0, room - 1 - digits));
      const key = `${stem} ${digits}`;
      for (let number = counters.get(key) ?? (digits === 1 ? 2 : 10 ** (digits - 1)); ; number++) {
        counters.set(key, number);
        if (number >= 10 ** digits) break;
        const numbered = `${stem}-${number}`;
        if (taken.has(numbered)) continue;
        taken.add(numbered);
        counters.set(key, number + 1);
        return numbered;
      }
    }
  };
}

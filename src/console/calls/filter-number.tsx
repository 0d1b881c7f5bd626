/** Which number: at either end of a call, or at one of them. */
import { useState } from "preact/hooks";
import { Button, Field } from "../parts/form.tsx";
import { setQuery } from "../router.ts";
import { type Filter, numberOf, plainNumber, SIDES, type Side } from "./filter.ts";

const SIDE_NAMES = Object.keys(SIDES) as Side[];

export function NumberMenu({ filter, onDone }: { filter: Filter; onDone: () => void }) {
  const given = numberOf(filter);
  const [side, setSide] = useState<Side>(given?.side ?? "q");
  const [text, setText] = useState(given?.number ?? "");
  const number = plainNumber(text);
  const lacksPlus = side === "q" && number !== "" && !number.startsWith("+");
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        if (lacksPlus) return;
        const others = { to: null, from: null, ...(filter.q.startsWith("+") && { q: null }) };
        setQuery({ ...others, [side]: number });
        onDone();
      }}
    >
      <Field
        label="Number"
        hint={
          lacksPlus
            ? "Begin with + and the country. Another address, such as SIP, is found by one end."
            : "Exactly as the call's payload has it; blanks and hyphens don't matter."
        }
      >
        <input
          type="tel"
          class="mono"
          placeholder="+1 415 555 0100"
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </Field>
      <fieldset class="choices">
        <legend>Which end</legend>
        {SIDE_NAMES.map((name) => (
          <label key={name} class="check">
            <input type="radio" name="side" checked={side === name} onChange={() => setSide(name)} />
            {SIDES[name]}
          </label>
        ))}
      </fieldset>
      <Button type="submit" disabled={lacksPlus || number === ""}>
        Show its calls
      </Button>
    </form>
  );
}

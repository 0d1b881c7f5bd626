/** Which time: one that moves on with the clock, or from one moment to another. */
import { useState } from "preact/hooks";
import { now } from "../clock.ts";
import { zone } from "../format.ts";
import { Button, Field } from "../parts/form.tsx";
import { setQuery } from "../router.ts";
import { fromInput, PRESET_WORDS, PRESETS, rangeOf, type Time, toInput } from "./time.ts";

export function TimeMenu({ time, onDone }: { time: Time; onDone: () => void }) {
  const range = "preset" in time ? { since: null, until: null } : rangeOf(time, now.value);
  const [from, setFrom] = useState(toInput(range.since));
  const [to, setTo] = useState(toInput(range.until));
  const [since, until] = [fromInput(from), fromInput(to)];
  const isBackwards = since !== null && until !== null && since >= until;
  const preset = "preset" in time ? time.preset : null;
  return (
    <>
      <fieldset class="choices">
        <legend>Time</legend>
        {PRESETS.map((name) => (
          <label key={name} class="check">
            <input
              type="radio"
              name="last"
              checked={preset === name}
              onChange={() => setQuery({ last: name, since: null, until: null })}
              // The mouse is done with a click; the arrow keys go on from one to the next.
              onClick={({ detail }) => detail > 0 && onDone()}
            />
            {PRESET_WORDS[name]}
          </label>
        ))}
      </fieldset>
      <form
        class="form apart"
        onSubmit={(event) => {
          event.preventDefault();
          if (isBackwards || (since === null && until === null)) return;
          setQuery({ last: null, since, until });
          onDone();
        }}
      >
        <Field label={`From (${zone()})`}>
          <input
            type="datetime-local"
            step="1"
            value={from}
            onInput={({ currentTarget }) => setFrom(currentTarget.value)}
          />
        </Field>
        <Field
          label={`To (${zone()})`}
          hint={isBackwards ? "It is not after the beginning." : "Empty: until now, and further."}
        >
          <input
            type="datetime-local"
            step="1"
            value={to}
            onInput={({ currentTarget }) => setTo(currentTarget.value)}
          />
        </Field>
        <Button type="submit" disabled={isBackwards || (since === null && until === null)}>
          Show this time
        </Button>
      </form>
    </>
  );
}

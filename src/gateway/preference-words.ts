/** The words of the preference pages, by language. A letter's own language decides; English where we have no other. */

type Words = typeof english

const english = {
  title: 'Choose what we send',
  to: (hint: string) => `Letters to ${hint}.`,
  saved: 'Saved. This is how it stands now.',
  state: {
    'not asked': 'You have not been asked yet whether you want letters.',
    pending: 'You asked for letters and have not confirmed it yet.',
    subscribed: 'You get letters from us.',
    unsubscribed: 'You get no letters from us.',
  },
  blocked: 'Nothing goes to this address any more: a letter came back, or was reported as spam. Write to us if that is wrong.',
  whether: 'Letters from us',
  yes: 'Yes, about what I choose below',
  no: 'No letters at all',
  about: 'About what',
  save: 'Save',
  unmarked: 'Nothing was changed. Please use the button on this page.',
  confirm: {
    title: 'Do you want letters from us?',
    words: (hint: string) => `Somebody asked for letters to ${hint}. If that was you, say so here.`,
    button: 'Yes, send me letters',
    done: 'Thank you',
    doneWords: (hint: string) => `You are on the list: from now on letters may go to ${hint}.`,
    later: 'This address does not wait for a confirmation any more.',
    choose: 'Choose what we send',
  },
}

const german: Words = {
  title: 'Was dürfen wir schicken?',
  to: (hint) => `E-Mails an ${hint}.`,
  saved: 'Gespeichert. So steht es jetzt.',
  state: {
    'not asked': 'Sie wurden noch nicht gefragt, ob Sie E-Mails möchten.',
    pending: 'Sie haben um E-Mails gebeten und es noch nicht bestätigt.',
    subscribed: 'Sie bekommen E-Mails von uns.',
    unsubscribed: 'Sie bekommen keine E-Mails von uns.',
  },
  blocked: 'An diese Adresse geht nichts mehr: eine E-Mail kam zurück oder wurde als Spam gemeldet. Schreiben Sie uns, wenn das falsch ist.',
  whether: 'E-Mails von uns',
  yes: 'Ja, zu dem, was ich unten wähle',
  no: 'Gar keine E-Mails',
  about: 'Worüber',
  save: 'Speichern',
  unmarked: 'Es wurde nichts geändert. Bitte benutzen Sie den Knopf auf dieser Seite.',
  confirm: {
    title: 'Möchten Sie E-Mails von uns?',
    words: (hint) => `Jemand hat um E-Mails an ${hint} gebeten. Wenn Sie das waren, sagen Sie es hier.`,
    button: 'Ja, schicken Sie mir E-Mails',
    done: 'Danke',
    doneWords: (hint) => `Sie stehen auf der Liste: von jetzt an dürfen E-Mails an ${hint} gehen.`,
    later: 'Diese Adresse wartet auf keine Bestätigung mehr.',
    choose: 'Was dürfen wir schicken?',
  },
}

/** The words for a locale such as `de-AT`, and the language they are in. */
export function preferenceWords(locale: string): { lang: string; words: Words } {
  return /^de\b/i.test(locale) ? { lang: 'de', words: german } : { lang: 'en', words: english }
}

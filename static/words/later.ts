// What the page says in English in parts that are loaded later.

export const later = {
  // Also in index.html.
  message: 'Message',
  join: 'Join',
  close: 'Close',

  // Not sent (pending.ts).
  notSentYet: 'Not sent yet: {why}',
  notSent: 'Not sent: {why}',
  noServer: 'no connection to the server',
  retry: 'Retry',
  delete: 'Delete',

  // Missing messages (past.ts).
  missed: { one: '{n} message missed', other: '{n} messages missed' },
  someMissed: 'Some messages missed',
  // Stands behind the two before.
  notKept: ', no longer kept',
  load: 'Load',
  restarted: 'The server restarted; only you still see what is above',
  wentBack: 'The server went back to an earlier state',

  // No room, too long, no token (why-not.ts, length.ts).
  roomWanted: 'Write the name of a room, such as lobby.',
  roomRule: 'A room’s name is 1 to 64 letters from A to Z, digits, _ and -.',
  roomNear: 'How about {room}?',
  manyRooms: '{n} rooms are open: leave one first.',
  charactersLeft: { one: '{n} character left', other: '{n} characters left' },
  tooLong: {
    one: 'This is too long by {n} character: at most {most} fit in one message.',
    other: 'This is too long by {n} characters: at most {most} fit in one message.',
  },
  tokenWanted: 'This chat is for people with a token: open it by the link that you were given, or ask for a new one.',

  // What is done with a message (amend.ts).
  react: 'React',
  reply: 'Reply',
  edit: 'Edit',
  save: 'Save',
  cancel: 'Cancel',
  keep: 'Keep',
  deleteForAll: 'Delete for everyone?',
  editMessage: 'Edit message',
  anotherEmoji: 'Another emoji',
  anyEmoji: 'Any emoji',
  edited: '(edited)',
  replyTo: 'Reply to {name}: {text}',
  answers: 'Answers {what}',
  earlier: 'an earlier message',
  notLoaded: 'That message cannot be loaded.',

  // Files (files.ts, upload.ts).
  chooseFile: 'Add a file',
  filesToSend: 'Files to send',
  leaveOut: 'Leave out {name}',
  uploading: 'Sending {name}',
  fileTooLarge: '{name} is too large: a file has at most {most}.',
  fileEmpty: '{name} is empty, or cannot be read.',
  manyFiles: { one: 'At most {n} file goes at one time.', other: 'At most {n} files go at one time.' },
  noFiles: 'This chat carries no files: nothing was sent.',

  // Another person has the name (rejoin.ts).
  nameGone: 'Another person has the name {name} now. You can read; to write, choose another name.',
  anotherName: 'Another name',

  // The password (password.ts).
  password: 'Password',
  hasPassword: 'This chat has a password',
  notPassword: 'That is not the password.',
  enter: 'Enter',

  // Share, and the stage.
  comeTo: 'Come to {room}',
  link: 'Link',
  copyLink: 'Copy link',
  copied: 'Copied.',
  linkSelected: 'The link is selected: copy it with Ctrl+C.',
  address: 'Address',
  manyNetworks: 'This machine is in several networks. Choose the one that the others are in:',
  localAlone: 'This address works on this machine alone.',
  localHint: 'Open the page by one of the Network addresses that the server printed, and share that.',
  qrCode: 'QR code of the link',
  invitation: 'Invitation',
  comeIn: 'Come in',
  howMany: 'How many',
  peopleHere: { one: '{n} person is here', other: '{n} people are here' },

  // Ctrl+K (switcher.ts).
  goTo: 'Go to',
  goToRoom: 'Go to a room',
  matches: 'Matches',
  openThat: 'Open {room}',

  // Notifications.
  notAllowed: 'The browser does not allow it for this page.',
  needsHttps: 'Browsers allow it on https and on localhost alone.',
  nameInRoom: '{name} in {room}',

  // Commands. The words in capitals stand for what is typed.
  roomArgument: 'ROOM',
  textArgument: 'TEXT',
  nameArgument: 'NAME',
  helpJoin: 'opens a room, or goes back to one',
  helpLeave: 'leaves this room, or another',
  helpWho: 'who is here',
  helpRooms: 'which rooms there are',
  helpSearch: 'finds what was said here',
  helpHand: 'puts your hand up, or down again',
  helpSlow: 'for moderators: one message of each person in so many seconds, 0 ends it',
  helpMention: 'names a person: arrows and Enter choose one',
  helpFind: 'opens the search',
  helpMe: 'says what you do: /me waves',
  helpHelp: 'this list',
  helpQuit: 'gives your name back',
  helpSlash: 'says something that begins with a slash',
  nobodyIsThere: 'Nobody is there.',
  nothingFound: 'Nothing was found.',
  noRoomYet: 'There is no room yet.',
  whatYouDo: 'Write what you do: /me waves.',
  noCommand: '{command} is no command: /help lists them. To say it as it is, begin with two slashes: {slashes}',
  notIn: 'You are not in {room}.',
  onlyRoom: 'This is the only room that is open: /quit gives your name back.',

  // Search (search.ts).
  search: 'Search',
  searchIn: 'Search in {room}',
  searchHint: 'Words that were said, or a name.',
  searching: 'Searching …',
  foundAll: { one: '{n} message found.', other: '{n} messages found.' },
  foundSoFar: '{found} found among the newest {n} messages.',
  searchOn: 'Search further back',

  // Who has read it (seen-by.ts), and names behind an @ (completion.ts).
  seenBy: { other: 'Seen by {n}' },
  namesToMention: 'People to mention',
  namesFit: { one: '{n} name fits', other: '{n} names fit' },

  // Slow mode (slow-mode.ts, moderate.ts).
  slowNotice: { one: 'Slow mode: one message each second', other: 'Slow mode: one message each {n} s' },
  nextIn: 'Next message in {n} s',
  slowWaits: 'slow mode, it goes by itself',
  slowMode: 'Slow mode',
  slowOff: 'Off',
  seconds: '{n} s',
  slowEnded: 'The room is no longer slow.',

  // A moderator's menu (moderate.ts).
  moderate: 'Moderate',
  moderatorKey: 'Moderator’s key',
  nameToMute: 'Name to mute',
  mute: 'Mute',
  removeMessage: 'Remove message',
  closeRoom: 'Close room',
  openRoomAgain: 'Open room',
  clearRoom: 'Clear room',
  clearAll: 'Take away everything that was said in {room}?',
  moderatesNow: 'You moderate now.',
  roomClosed: 'The room is closed.',
  roomOpen: 'The room is open.',
  roomCleared: 'The room is cleared.',
  messageRemoved: 'The message is removed.',
  clickFirst: 'First click the message.',
  muted: '{name} is muted for five minutes.',
  nobodyMuted: 'There is no {name} here, and no message of that name: nothing was muted.',

  // The lab is on (lab.ts).
  labOn: 'The lab is on: this chat is broken on purpose. ',
  labCounts: 'This page: {got} messages, {lost} lost, {doubled} twice, {disordered} out of order',
  labTold: '; told: {missed} missing, {restarts} new logs',
}

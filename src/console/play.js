// Shows a player for the session of the page; without this script its text stands there all the same.
const place = document.querySelector('#player');
const { cast, live } = place.dataset;
const options = { fit: 'width', controls: true };
const player =
  live === undefined
    ? window.AsciinemaPlayer.create(cast, place, { ...options, preload: true, idleTimeLimit: 2, poster: 'npt:0:1' })
    : window.AsciinemaPlayer.create({ driver: 'eventsource', url: live, bufferTime: 0 }, place, {
        ...options,
        autoPlay: true,
      });
// Its keys (space, arrows, brackets, digits) work once it has the focus, which the keyboard alone can give it so.
place.querySelector('.ap-wrapper').tabIndex = 0;
player.addEventListener('ended', () => document.querySelector('#over')?.removeAttribute('hidden'));

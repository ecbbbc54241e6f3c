// Shows a player for the session of the page; without this script its text stands there all the same.
const place = document.querySelector('#player');
const options = { fit: 'width', controls: true, preload: true, idleTimeLimit: 2, poster: 'npt:0:1' };
window.AsciinemaPlayer.create(place.dataset.cast, place, options);
// Its keys (space, arrows, brackets, digits) work once it has the focus, which the keyboard alone can give it so.
place.querySelector('.ap-wrapper').tabIndex = 0;

/** Domains at which anybody can have an address: no organization can own one of them. */
export const publicMailDomains: ReadonlySet<string> = new Set(
  `
  126.com 163.com 189.cn aim.com alice.it aliyun.com aol.com arcor.de att.net bellsouth.net bigpond.com bluewin.ch
  bol.com.br btinternet.com charter.net comcast.net cox.net daum.net duck.com earthlink.net email.com fastmail.com
  fastmail.fm free.fr freenet.de gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net googlemail.com hanmail.net hey.com
  home.nl hotmail.co.uk hotmail.com hotmail.de hotmail.es hotmail.fr hotmail.it hushmail.com icloud.com ig.com.br
  inbox.com inbox.lv interia.pl juno.com kpnmail.nl laposte.net libero.it list.ru live.co.uk live.com live.de live.fr
  live.nl mac.com mail.com mail.de mail.ru mailbox.org mailfence.com mailinator.com me.com msn.com naver.com neuf.fr
  ntlworld.com o2.pl onet.pl online.de optonline.net orange.fr outlook.com outlook.de outlook.fr outlook.es pm.me
  posteo.de proton.me protonmail.ch protonmail.com qq.com rambler.ru rediffmail.com rocketmail.com runbox.com
  sbcglobal.net seznam.cz sfr.fr sina.com skynet.be sky.com sohu.com t-online.de talktalk.net telenet.be terra.com.br
  tiscali.it tuta.com tuta.io tutanota.com tutanota.de uol.com.br verizon.net virgilio.it virginmedia.com wanadoo.fr
  web.de wp.pl xs4all.nl yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com yahoo.com.au yahoo.com.br yahoo.de
  yahoo.es yahoo.fr yahoo.in yahoo.it yandex.com yandex.ru yeah.net ymail.com zoho.com ziggo.nl
  `
    .trim()
    .split(/\s+/),
)
